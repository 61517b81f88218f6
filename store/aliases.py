"""Aliases of a model's versions: moved, rolled back, taken away; every move is recorded."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from store.clock import now
from store.errors import Conflict, NotFound
from store.locks import lock_name
from store.registry import get_model, get_version
from store.registry_tables import AliasMoveRow, AliasRow, ModelVersionRow


def find_aliases(s: Session, project: str, model: str) -> list[AliasRow]:
    """The aliases of a model, by name.

    Raises
    ------
    NotFound
        ``model_not_found``.
    """
    get_model(s, project, model)
    query = select(AliasRow).where(AliasRow.project_id == project, AliasRow.model_name == model)
    return list(s.scalars(query.order_by(AliasRow.alias)))


def get_alias(s: Session, project: str, model: str, alias: str) -> AliasRow:
    """One alias.

    Raises
    ------
    NotFound
        ``model_not_found``, ``alias_not_found``.
    """
    get_model(s, project, model)
    row = s.get(AliasRow, (project, model, alias))
    if row is None:
        raise NotFound("alias", f"{model}/{alias}")
    return row


def move_alias(s: Session, project: str, model: str, alias: str, version: int) -> tuple[AliasRow, bool]:
    """Let the alias point at a version; where it does already, nothing is recorded.

    Returns
    -------
    tuple of (AliasRow, bool)
        The alias, and whether it is new.

    Raises
    ------
    NotFound
        ``model_not_found``, ``version_not_found``.
    """
    lock_name(s, project, "model", model)
    get_version(s, project, model, version)
    row = s.get(AliasRow, (project, model, alias), populate_existing=True)
    if row is None:
        row = AliasRow(project_id=project, model_name=model, alias=alias, version=version)
        s.add(row)
        _record(s, row, version)
        return row, True
    if row.version != version:
        row.version, row.updated_at = version, now()
        _record(s, row, version)
    return row, False


def roll_back(s: Session, project: str, model: str, alias: str) -> AliasRow:
    """Let the alias point at what it pointed at before; once more, and it goes one further back.

    Raises
    ------
    NotFound, Conflict
        ``model_not_found``, ``alias_not_found``; ``nothing_before``.
    """
    lock_name(s, project, "model", model)
    row = get_alias(s, project, model, alias)
    existing = set(
        s.scalars(
            select(ModelVersionRow.version).where(
                ModelVersionRow.project_id == project, ModelVersionRow.model_name == model
            )
        )
    )
    versions = s.scalars(select(AliasMoveRow.version).where(*_of(project, model, alias)).order_by(AliasMoveRow.id))
    way = way_here([version for version in versions if version is None or version in existing])
    if len(way) < 2:
        detail = f"The alias {model}/{alias} has no version before {row.version} that still exists."
        raise Conflict("nothing_before", detail)
    row.version, row.updated_at = way[-2], now()
    _record(s, row, row.version)
    return row


def way_here(moves: Sequence[int | None]) -> list[int]:
    """The versions that lead to where the alias is: a move back to the one before undoes the move from it.

    Parameters
    ----------
    moves : sequence of int or None
        The moves to versions that still exist, oldest first; None where the alias was taken away.
    """
    way: list[int] = []
    for version in moves:
        if version is None:
            way = []
        elif len(way) > 1 and way[-2] == version:
            way.pop()
        elif way[-1:] != [version]:
            way.append(version)
    return way


def alias_history(
    s: Session, project: str, model: str, alias: str, *, before: int | None = None, limit: int = 50
) -> list[AliasMoveRow]:
    """The moves of an alias, newest first, those before the id `before`; also of one that was taken away.

    Raises
    ------
    NotFound
        ``model_not_found``, ``alias_not_found`` where there never was one.
    """
    get_model(s, project, model)
    mine = _of(project, model, alias)
    query = select(AliasMoveRow).where(*mine)
    if before is not None:
        query = query.where(AliasMoveRow.id < before)
    moves = list(s.scalars(query.order_by(AliasMoveRow.id.desc()).limit(limit)))
    if not moves and s.scalar(select(AliasMoveRow.id).where(*mine).limit(1)) is None:
        raise NotFound("alias", f"{model}/{alias}")
    return moves


def delete_alias(s: Session, project: str, model: str, alias: str) -> None:
    """Take an alias away; its history stays.

    Raises
    ------
    NotFound
        ``model_not_found``, ``alias_not_found``.
    """
    lock_name(s, project, "model", model)
    row = get_alias(s, project, model, alias)
    _record(s, row, None)
    s.delete(row)


def _record(s: Session, row: AliasRow, version: int | None) -> None:
    s.add(AliasMoveRow(project_id=row.project_id, model_name=row.model_name, alias=row.alias, version=version))
    s.flush()
    s.refresh(row)


def _of(project: str, model: str, alias: str) -> tuple[ColumnElement[bool], ...]:
    return AliasMoveRow.project_id == project, AliasMoveRow.model_name == model, AliasMoveRow.alias == alias
