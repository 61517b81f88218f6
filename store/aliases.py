"""Aliases of a model's versions: moved, rolled back, taken away; every move is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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


def move_alias(
    s: Session,
    project: str,
    model: str,
    alias: str,
    version: int,
    *,
    reason: str | None = None,
    expected: Mapping[str, int | None] | None = None,
) -> tuple[AliasRow, int | None]:
    """Let the alias point at a version; where it does already, nothing is recorded.

    Parameters
    ----------
    expected : mapping of str to int or None
        Where aliases of the model must still point; None: there is no such alias.

    Returns
    -------
    tuple of (AliasRow, int or None)
        The alias, and where it pointed before; None where it is new.

    Raises
    ------
    NotFound, Conflict
        ``model_not_found``, ``version_not_found``; ``alias_moved`` where one points elsewhere than expected.
    """
    lock_name(s, project, "model", model)
    get_version(s, project, model, version)
    for name, before in (expected or {}).items():
        other = s.get(AliasRow, (project, model, name), populate_existing=True)
        if (None if other is None else other.version) != before:
            raise Conflict("alias_moved", f"The alias {model}/{name} has moved meanwhile; ask again.")
    row = s.get(AliasRow, (project, model, alias), populate_existing=True)
    if row is None:
        row = AliasRow(project_id=project, model_name=model, alias=alias, version=version)
        s.add(row)
        _record(s, row, version, "move", reason)
        return row, None
    before = row.version
    if before != version:
        row.version, row.updated_at = version, now()
        _record(s, row, version, "move", reason)
    return row, before


def roll_back(s: Session, project: str, model: str, alias: str, *, reason: str | None = None) -> AliasRow:
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
    moves = s.execute(
        select(AliasMoveRow.version, AliasMoveRow.kind).where(*_of(project, model, alias)).order_by(AliasMoveRow.id)
    )
    way = [version for version in way_here([(move.version, move.kind) for move in moves]) if version in existing]
    way = [version for version, before in zip(way, [None, *way], strict=False) if version != before]
    if len(way) < 2:
        detail = f"The alias {model}/{alias} has no version before {row.version} that still exists."
        raise Conflict("nothing_before", detail)
    row.version, row.updated_at = way[-2], now()
    _record(s, row, row.version, "rollback", reason)
    return row


def way_here(moves: Iterable[tuple[int | None, str]]) -> list[int]:
    """The versions that lead to where the alias is: a rollback undoes the moves since, any other move is a step on.

    Parameters
    ----------
    moves : iterable of (int or None, str)
        Version and kind of every move, oldest first; None where the alias was taken away.
    """
    way: list[int] = []
    for version, kind in moves:
        if version is None:
            way = []
            continue
        if kind == "rollback":
            del way[-1:]
            while way and way[-1] != version:  # past versions that were gone by then
                way.pop()
        if way[-1:] != [version]:
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
    _record(s, row, None, "delete", None)
    s.delete(row)


def _record(s: Session, row: AliasRow, version: int | None, kind: str, reason: str | None) -> None:
    move = AliasMoveRow(project_id=row.project_id, model_name=row.model_name, alias=row.alias, version=version)
    move.kind, move.reason = kind, reason
    s.add(move)
    s.flush()
    s.refresh(row)


def _of(project: str, model: str, alias: str) -> tuple[ColumnElement[bool], ...]:
    return AliasMoveRow.project_id == project, AliasMoveRow.model_name == model, AliasMoveRow.alias == alias
