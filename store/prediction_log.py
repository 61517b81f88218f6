"""The log of predictions: written in batches, listed newest first, bounded in rows and in days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CursorResult, delete, func, insert, select
from sqlalchemy.orm import Session

from store.clock import now
from store.registry_tables import PredictionRow

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
