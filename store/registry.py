"""The registry: models and their immutable versions."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session

from store.clock import now
from store.errors import Conflict, Corrupt, NotFound
from store.ids import new_id
from store.locks import lock_name
from store.registry_tables import AliasMoveRow, AliasRow, ModelRow, ModelVersionRow, WeightsRow
from store.submission import check_model_target, check_unneeded
from store.tables import JobRow


@dataclass(frozen=True)
class StoredWeights:
    """Weights by their row: its id, and the digest of its bytes, which are not loaded."""

    id: str
    sha256: str


@dataclass(frozen=True)
class NewVersion:
    """What a training hands to the registry; the fields are those of `ModelVersionRow`."""

    source: str
    job_id: str | None
    weights: bytes | StoredWeights
    parameters: int
    network: dict[str, Any]
    encoding: dict[str, Any]
    target_encoding: dict[str, Any]
    schema: dict[str, Any]
    config: dict[str, Any]
    metrics: dict[str, Any]
    best_epoch: int | None
    dataset: dict[str, Any]
    importances: dict[str, Any] | None = None
    lineage: dict[str, Any] | None = None
    profile: dict[str, Any] | None = None


def publish_version(
    s: Session, project: str, model_name: str, new: NewVersion, *, task: str, target: str | list[str]
) -> int:
    """Add the next version of a model, the model too where it is the first; returns its number.

    A worker calls it in the fenced transaction that ends the job, after `store.leases.finish`, so that a job
    publishes once or not at all.

    Raises
    ------
    Conflict
        ``model_target_mismatch``.
    """
    lock_name(s, project, "model", model_name)
    model = s.get(ModelRow, (project, model_name))
    if model is None:
        model = ModelRow(project_id=project, name=model_name, task=task, target=target, next_version=1)
        s.add(model)
        s.flush()
    elif model.deleted_at is not None:  # a new model under an old name, whose numbers go on
        model.task, model.target, model.description, model.tags = task, target, "", {}
        model.deleted_at, model.log_sample, model.created_at = None, None, now()
    else:
        check_model_target(s, project, model_name, task=task, target=target)
    version = model.next_version
    model.next_version = version + 1
    weights = new.weights if isinstance(new.weights, StoredWeights) else store_weights(s, project, new.weights)
    s.add(
        ModelVersionRow(
            project_id=project,
            model_name=model_name,
            version=version,
            weights_id=weights.id,
            sha256=weights.sha256,
            **fields_of(new),
        )
    )
    if new.job_id is not None:
        s.execute(update(JobRow).where(JobRow.id == new.job_id).values(model_version=version))
    s.flush()
    return version


def store_weights(s: Session, project: str, data: bytes) -> StoredWeights:
    """Store a network's safetensors bytes; the caller adds the row that owns them in the same transaction."""
    row = WeightsRow(id=new_id("w"), project_id=project, sha256=hashlib.sha256(data).hexdigest(), data=data)
    s.add(row)
    s.flush()
    return StoredWeights(row.id, row.sha256)


def fields_of(new: NewVersion) -> dict[str, Any]:
    """All of a version but its weights."""
    return {name: getattr(new, name) for name in NewVersion.__dataclass_fields__ if name != "weights"}


def get_model(s: Session, project: str, name: str) -> ModelRow:
    """The model.

    Raises
    ------
    NotFound
        ``model_not_found``, with the nearest name.
    """
    model = s.get(ModelRow, (project, name))
    if model is None or model.deleted_at is not None:
        known = select(ModelRow.name).where(ModelRow.project_id == project, ModelRow.deleted_at.is_(None))
        names = s.scalars(known.limit(10_000)).all()
        raise NotFound("model", name, next(iter(difflib.get_close_matches(name, names, 1)), None))
    return model


def find_models(
    s: Session, project: str, *, before: tuple[float, str] | None = None, limit: int = 50
) -> list[ModelRow]:
    """Models, newest first, at most `limit`, those after the (created_at, name) of `before` in that order."""
    query = select(ModelRow).where(ModelRow.project_id == project, ModelRow.deleted_at.is_(None))
    if before is not None:
        created_at, name = before
        query = query.where(
            (ModelRow.created_at < created_at) | ((ModelRow.created_at == created_at) & (ModelRow.name < name))
        )
    return list(s.scalars(query.order_by(ModelRow.created_at.desc(), ModelRow.name.desc()).limit(limit)))


def newest_versions(s: Session, project: str, names: Sequence[str]) -> dict[str, int]:
    """The highest version number of each of the models that has one."""
    rows = s.execute(
        select(ModelVersionRow.model_name, func.max(ModelVersionRow.version))
        .where(ModelVersionRow.project_id == project, ModelVersionRow.model_name.in_(names))
        .group_by(ModelVersionRow.model_name)
    )
    return {row[0]: row[1] for row in rows}


def get_version(s: Session, project: str, name: str, version: int) -> ModelVersionRow:
    """One version of a model.

    Raises
    ------
    NotFound
        ``model_not_found`` or ``version_not_found``.
    """
    row = s.get(ModelVersionRow, (project, name, version)) if version < 2**31 else None
    if row is None:
        get_model(s, project, name)
        raise NotFound("version", f"{name}/{version}")
    return row


def find_versions(
    s: Session, project: str, name: str, *, of: Sequence[int] | None = None, before: int | None = None, limit: int = 50
) -> list[ModelVersionRow]:
    """A model's versions, newest first, at most `limit`, those below `before` and of these numbers.

    Raises
    ------
    NotFound
        ``model_not_found``.
    """
    get_model(s, project, name)
    query = select(ModelVersionRow).where(ModelVersionRow.project_id == project, ModelVersionRow.model_name == name)
    if before is not None:
        query = query.where(ModelVersionRow.version < before)
    if of is not None:
        query = query.where(ModelVersionRow.version.in_(of))
    return list(s.scalars(query.order_by(ModelVersionRow.version.desc()).limit(limit)))


def version_numbers(s: Session, project: str, *, limit: int) -> list[tuple[str, int]]:
    """Name and number of every version, by name and number, at most `limit`."""
    columns = (ModelVersionRow.model_name, ModelVersionRow.version)
    query = select(*columns).where(ModelVersionRow.project_id == project).order_by(*columns).limit(limit)
    return [(row[0], row[1]) for row in s.execute(query)]


def load_weights(s: Session, row: ModelVersionRow) -> bytes:
    """The version's safetensors bytes.

    Raises
    ------
    Corrupt
        When they are not the ones that were published.
    """
    data = s.scalars(select(WeightsRow.data).where(WeightsRow.id == row.weights_id)).one()
    if hashlib.sha256(data).hexdigest() != row.sha256:
        raise Corrupt(f"The weights of {row.model_name}/{row.version} are not what was published.")
    return data


def describe(row: ModelRow | ModelVersionRow, **given: Any) -> None:
    """Change what may be changed of a model or a version: tags, description, how much of a model is logged."""
    for name, value in given.items():
        setattr(row, name, value)


def delete_version(s: Session, project: str, name: str, version: int) -> None:
    """Remove a version; its number is not given again.

    Raises
    ------
    NotFound, Conflict
        ``model_not_found``, ``version_not_found``; ``version_has_alias``, ``version_in_use``.
    """
    lock_name(s, project, "model", name)
    row = get_version(s, project, name, version)
    aliases = s.scalars(
        select(AliasRow.alias).where(
            AliasRow.project_id == project, AliasRow.model_name == name, AliasRow.version == version
        )
    ).all()
    if aliases:
        raise Conflict("version_has_alias", f"The alias {aliases[0]!r} points at {name}/{version}; move it first.")
    check_unneeded(s, project, name, version)
    s.delete(row)
    s.flush()
    s.execute(delete(WeightsRow).where(WeightsRow.id == row.weights_id))


def delete_model(s: Session, project: str, name: str) -> None:
    """Remove a model with all its versions; a later model of this name goes on counting them.

    Raises
    ------
    NotFound, Conflict
        ``model_not_found``; ``model_has_alias``, ``version_in_use``.
    """
    lock_name(s, project, "model", name)
    model = get_model(s, project, name)
    mine = (AliasRow.project_id == project, AliasRow.model_name == name)
    if s.scalar(select(exists().where(*mine))):
        raise Conflict("model_has_alias", f"An alias points at a version of {name!r}; delete it first.")
    check_unneeded(s, project, name)
    of_model = (ModelVersionRow.project_id == project, ModelVersionRow.model_name == name)
    weights = s.scalars(select(ModelVersionRow.weights_id).where(*of_model)).all()
    s.execute(delete(AliasMoveRow).where(AliasMoveRow.project_id == project, AliasMoveRow.model_name == name))
    s.execute(delete(ModelVersionRow).where(*of_model))
    s.execute(delete(WeightsRow).where(WeightsRow.id.in_(weights)))
    model.deleted_at = now()
