"""Which queued jobs the workers are to be told of, in which order, and by whom."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session

from store.clock import now
from store.tables import JobRow


def republishable(
    s: Session, lease_seconds: float, *, patience_seconds: float = float("inf"), limit: int = 500
) -> list[str]:
    """Ids of queued jobs whose last message is a lease old or was never sent.

    What people wait for comes first, then the trials of searches; the oldest first of either.

    Parameters
    ----------
    patience_seconds : float
        A trial that is older counts as something that people wait for.
    """
    order = (_goes_behind(patience_seconds), JobRow.id)
    return list(s.scalars(select(JobRow.id).where(*_unpublished(lease_seconds)).order_by(*order).limit(limit)))


def queued(s: Session) -> int:
    """How many jobs wait for a worker."""
    return s.scalar(select(func.count()).where(JobRow.status == "queued")) or 0


def mark_published(s: Session, job_id: str, lease_seconds: float) -> bool:
    """Claim the right to publish the job's message now; False when another did within the lease."""
    changed = s.execute(
        update(JobRow)
        .where(JobRow.id == job_id, *_unpublished(lease_seconds))
        .values(published_at=now())
        .returning(JobRow.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return changed is not None


def unmark_published(s: Session, job_id: str) -> None:
    """Say that the message did not go out after all, so that the next round sends it."""
    s.execute(
        update(JobRow)
        .where(JobRow.id == job_id, JobRow.status == "queued")
        .values(published_at=None)
        .execution_options(synchronize_session=False)
    )


def goes_behind(s: Session, job_id: str, patience_seconds: float) -> bool:
    """Whether the job's message goes behind those of the jobs that people wait for: a trial's, for so many seconds."""
    return bool(s.scalar(select(_goes_behind(patience_seconds)).where(JobRow.id == job_id)))


def _goes_behind(patience_seconds: float) -> Any:
    trial = JobRow.search_id.is_not(None)
    return trial if patience_seconds == float("inf") else and_(trial, JobRow.created_at >= now() - patience_seconds)


def _unpublished(lease_seconds: float) -> tuple[Any, ...]:
    stale = (JobRow.published_at.is_(None)) | (JobRow.published_at < now() - lease_seconds)
    return (JobRow.status == "queued", stale)
