"""How many jobs are in which state, and how long the oldest one has waited."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from store.clock import now
from store.tables import JobRow


@dataclass(frozen=True)
class Backlog:
    """Jobs of all projects, by status; and since when the oldest queued one was asked for, seconds (0 without one)."""

    jobs: dict[str, int]
    oldest_seconds: float


def backlog(s: Session) -> Backlog:
    """Count the jobs."""
    counted = s.execute(select(JobRow.status, func.count()).group_by(JobRow.status))
    jobs = {row[0]: row[1] for row in counted}
    waited = s.scalar(select(now() - func.min(JobRow.created_at)).where(JobRow.status == "queued"))
    return Backlog(jobs, max(0.0, waited or 0.0))
