"""The log of predictions: written in batches, listed newest first, bounded in rows and in days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CursorResult, delete, func, insert, select
from sqlalchemy.orm import Session

from store.clock import now
from store.registry_tables import ModelRow, PredictionRow

DAY_SECONDS = 86_400.0


@dataclass(frozen=True)
class Logged:
    """One prediction that was made `age` seconds before it is written."""

    project: str
    model: str
    version: int
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    age: float


def write_predictions(s: Session, entries: Sequence[Logged]) -> None:
    """Add the predictions, a few hundred at most."""
    rows = [
        {
            "project_id": entry.project,
            "model_name": entry.model,
            "version": entry.version,
            "inputs": entry.inputs,
            "outputs": entry.outputs,
            "made_at": now() - entry.age,
        }
        for entry in entries
    ]
    if rows:
        s.execute(insert(PredictionRow).values(rows))


def find_predictions(
    s: Session, project: str, model: str, *, version: int | None = None, before: int | None = None, limit: int = 50
) -> list[PredictionRow]:
    """A model's logged predictions, newest first, at most `limit`, those whose ids are below `before`."""
    query = select(PredictionRow).where(PredictionRow.project_id == project, PredictionRow.model_name == model)
    if version is not None:
        query = query.where(PredictionRow.version == version)
    if before is not None:
        query = query.where(PredictionRow.id < before)
    return list(s.scalars(query.order_by(PredictionRow.id.desc()).limit(limit)))


def predictions_since(
    s: Session, project: str, model: str, version: int, *, since: float | None = None, limit: int
) -> list[tuple[float, dict[str, Any], dict[str, Any]]]:
    """When, from what inputs and with what outputs a version predicted: the newest `limit` rows, newest first.

    Parameters
    ----------
    since : float or None
        Only what was made from then on, seconds since the epoch.
    """
    of_version = (
        PredictionRow.project_id == project,
        PredictionRow.model_name == model,
        PredictionRow.version == version,
    )
    query = select(PredictionRow.made_at, PredictionRow.inputs, PredictionRow.outputs).where(*of_version)
    if since is not None:
        query = query.where(PredictionRow.made_at >= since)
    return [(*row,) for row in s.execute(query.order_by(PredictionRow.id.desc()).limit(limit))]


def last_predicted(s: Session, limit: int) -> list[tuple[str, str, int]]:
    """Project, model and version of each model's last logged prediction; of the newest `limit` models that have one."""
    last = (
        select(PredictionRow.version)
        .where(PredictionRow.project_id == ModelRow.project_id, PredictionRow.model_name == ModelRow.name)
        .order_by(PredictionRow.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    models = select(ModelRow.project_id, ModelRow.name, last).where(ModelRow.deleted_at.is_(None), last.is_not(None))
    return [(*row,) for row in s.execute(models.order_by(ModelRow.created_at.desc()).limit(limit))]


def clear_predictions(s: Session, project: str, model: str, version: int | None = None) -> None:
    """Remove what is logged of a model, or of one of its versions."""
    query = delete(PredictionRow).where(PredictionRow.project_id == project, PredictionRow.model_name == model)
    s.execute(query if version is None else query.where(PredictionRow.version == version))


def sweep_predictions(s: Session, *, max_rows: int, days: float) -> int:
    """Remove predictions older than `days`, and of each model all but the newest `max_rows`; how many."""
    removed = _removed(s, PredictionRow.made_at < now() - days * DAY_SECONDS)
    keys = (PredictionRow.project_id, PredictionRow.model_name)
    for project, model in s.execute(select(*keys).group_by(*keys).having(func.count() > max_rows)).all():
        of_model = (PredictionRow.project_id == project, PredictionRow.model_name == model)
        newest_over = select(PredictionRow.id).where(*of_model).order_by(PredictionRow.id.desc()).offset(max_rows)
        last = s.scalar(newest_over.limit(1))
        removed += _removed(s, *of_model, PredictionRow.id <= last)
    return removed


def _removed(s: Session, *conditions: Any) -> int:
    result = s.execute(delete(PredictionRow).where(*conditions))
    assert isinstance(result, CursorResult)
    return int(result.rowcount)
