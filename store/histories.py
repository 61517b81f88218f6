"""Loss histories: one row for each finished epoch of a job, written once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from store.tables import EpochReportRow

FIELDS = (
    "epoch",
    "train_loss",
    "validation_loss",
    "train_score",
    "validation_score",
    "learning_rate",
    "gradient_norm",
    "seconds",
)


def append_reports(s: Session, project: str, job_id: str, reports: Sequence[Mapping[str, Any]]) -> None:
    """Add epochs to the history, after the fenced UPDATE of the same transaction.

    An epoch that is already there stays as it is: after a resume the same epoch is computed again, to the
    same bits, and whoever follows the job has seen it.

    Parameters
    ----------
    reports : sequence of mapping
        Each with the keys of `FIELDS`.
    """
    if not reports:
        return
    insert = postgresql.insert if s.get_bind().dialect.name == "postgresql" else sqlite.insert
    rows = [{"job_id": job_id, "project_id": project, **{name: report[name] for name in FIELDS}} for report in reports]
    s.execute(insert(EpochReportRow).on_conflict_do_nothing(index_elements=["job_id", "epoch"]), rows)


def clear_history(s: Session, job_id: str) -> None:
    """Take all epochs out of the history, of a training that begins anew; in a fenced transaction."""
    s.execute(delete(EpochReportRow).where(EpochReportRow.job_id == job_id))


def history(s: Session, job_id: str, *, after_epoch: int = 0, limit: int = 500) -> list[dict[str, Any]]:
    """The job's reports with epochs above `after_epoch`, in order, at most `limit`."""
    columns = [getattr(EpochReportRow, name) for name in FIELDS]
    rows = s.execute(
        select(*columns)
        .where(EpochReportRow.job_id == job_id, EpochReportRow.epoch > after_epoch)
        .order_by(EpochReportRow.epoch)
        .limit(limit)
    )
    return [dict(row._mapping) for row in rows]


def latest(s: Session, job_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The newest report of each of the jobs that has one, by job id."""
    newest = (
        select(EpochReportRow.job_id, func.max(EpochReportRow.epoch).label("epoch"))
        .where(EpochReportRow.job_id.in_(job_ids))
        .group_by(EpochReportRow.job_id)
        .subquery()
    )
    columns = [getattr(EpochReportRow, name) for name in FIELDS]
    rows = s.execute(
        select(EpochReportRow.job_id, *columns).join(
            newest, (EpochReportRow.job_id == newest.c.job_id) & (EpochReportRow.epoch == newest.c.epoch)
        )
    )
    return {row.job_id: {name: row._mapping[name] for name in FIELDS} for row in rows}


def thinned(s: Session, job_id: str, points: int, *, after_epoch: int = 0) -> list[dict[str, Any]]:
    """At most `points` reports that draw the same curve: the first, the last, and each stretch's extremes.

    The epochs are cut into stretches of equal length; of each, the report with the lowest and the one with the
    highest loss stay (validation loss where there is one, else training loss).
    """
    loss = func.coalesce(EpochReportRow.validation_loss, EpochReportRow.train_loss)
    rows = s.execute(
        select(EpochReportRow.epoch, loss)
        .where(EpochReportRow.job_id == job_id, EpochReportRow.epoch > after_epoch)
        .order_by(EpochReportRow.epoch)
    ).all()
    epochs = _extremes([(epoch, value) for epoch, value in rows], points)
    columns = [getattr(EpochReportRow, name) for name in FIELDS]
    chosen: list[dict[str, Any]] = []
    for start in range(0, len(epochs), 500):
        part = epochs[start : start + 500]
        found = s.execute(
            select(*columns)
            .where(EpochReportRow.job_id == job_id, EpochReportRow.epoch.in_(part))
            .order_by(EpochReportRow.epoch)
        )
        chosen += [dict(row._mapping) for row in found]
    return chosen


def _extremes(rows: Sequence[tuple[int, float]], points: int) -> list[int]:
    if len(rows) <= points:
        return [epoch for epoch, _ in rows]
    keep = {rows[0][0], rows[-1][0]}
    stretches = max(1, (points - 2) // 2)
    for index in range(stretches):
        stretch = rows[index * len(rows) // stretches : (index + 1) * len(rows) // stretches]
        if points >= 4:
            keep.add(min(stretch, key=lambda row: row[1])[0])
            keep.add(max(stretch, key=lambda row: row[1])[0])
    return sorted(keep)[:points] if points >= 2 else [rows[-1][0]]
