"""What the trials of a search came to by the epochs at which its pruner looks at them."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from store.leases import Fence, fenced
from store.search_tables import TrialValueRow
from store.tables import JobRow


def has_passed(s: Session, job_id: str, epoch: int) -> bool:
    """Whether the trial was looked at after this epoch, and went on."""
    return s.get(TrialValueRow, (job_id, epoch)) is not None


def finished_by(s: Session, search_id: str, epoch: int) -> list[float]:
    """The best values that a search's finished trials had by an epoch, in the order of their numbers.

    A trial that was finished by then had its last one.
    """
    value = func.coalesce(TrialValueRow.value, JobRow.trial_value)
    there = (TrialValueRow.job_id == JobRow.id) & (TrialValueRow.epoch == epoch)
    return list(
        s.scalars(
            select(value)
            .select_from(JobRow)
            .outerjoin(TrialValueRow, there)
            .where(JobRow.search_id == search_id, JobRow.status == "succeeded")
            .order_by(JobRow.trial)
        )
    )


def record(s: Session, fence: Fence, project: str, epoch: int, value: float) -> None:
    """Note that the trial was looked at after this epoch, and goes on.

    Raises
    ------
    LeaseLost
        When the claim is void.
    """
    fenced(s, fence, advanced=True)
    s.add(TrialValueRow(job_id=fence.job_id, project_id=project, epoch=epoch, value=value))
