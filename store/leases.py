"""The job protocol, the workers' side: claim, renew, give back, finish, take back.

A claim raises the job's fencing token. Every later write of that worker goes through `fenced`, one conditional
UPDATE on (id, token, running), as its transaction's first statement: it locks the row, and zero rows mean
that the claim is void. Time is the database's alone (`store.clock.now`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from store.clock import now
from store.errors import LeaseLost
from store.limits import JobLimits, time_limit_exceeded
from store.tables import CheckpointBlobRow, JobRow


@dataclass(frozen=True)
class Fence:
    """What a worker must show with every write: the job and the token of its claim."""

    job_id: str
    token: int


@dataclass(frozen=True)
class Renewal:
    """What a heartbeat learns of its job."""

    cancel_requested: bool
    cancel_keep: str | None


def claim(s: Session, job_id: str, *, worker: str, lease_seconds: float) -> JobRow | None:
    """Take a queued job for `lease_seconds`; None when somebody else has it or it has ended.

    The returned row's ``token`` is this claim's; its ``claimed_seconds`` count the lease as if it had been used up, so
    that they are true where nobody lives to say more.
    """
    return s.scalars(
        update(JobRow)
        .where(JobRow.id == job_id, JobRow.status == "queued")
        .values(
            status="running",
            token=JobRow.token + 1,
            lease_expires_at=now() + lease_seconds,
            worker=worker,
            advanced=False,
            claimed_seconds=JobRow.claimed_seconds + lease_seconds,
            started_at=func.coalesce(JobRow.started_at, now()),
        )
        .returning(JobRow)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).one_or_none()


def claimed_by(s: Session, job_id: str, worker: str) -> JobRow | None:
    """The job, when that worker's claim of it is in force; only reads."""
    return s.scalars(
        select(JobRow).where(JobRow.id == job_id, JobRow.status == "running", JobRow.worker == worker)
    ).one_or_none()


def fenced(s: Session, fence: Fence, **values: Any) -> None:
    """Update the job under the worker's claim; the first statement of every transaction of a worker.

    Raises
    ------
    LeaseLost
        When the claim is void; nothing was changed.
    """
    changed = s.execute(
        update(JobRow)
        .where(JobRow.id == fence.job_id, JobRow.token == fence.token, JobRow.status == "running")
        .values(**values)
        .returning(JobRow.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if changed is None:
        raise LeaseLost(f"The claim {fence.token} of job {fence.job_id} is no longer in force.")


def renew(s: Session, fence: Fence, lease_seconds: float, *, ran_seconds: float | None = None) -> Renewal:
    """Push the lease's end out; an expired lease may be renewed while its token is still current.

    Parameters
    ----------
    ran_seconds : float or None
        How long the job has run by now, over all attempts; None: as it stands.

    Raises
    ------
    LeaseLost
        When the job was taken back or has ended.
    """
    ran = {} if ran_seconds is None else {"claimed_seconds": ran_seconds + lease_seconds}
    fenced(s, fence, **ran, lease_expires_at=now() + lease_seconds)
    return cancellation(s, fence)


def cancellation(s: Session, fence: Fence) -> Renewal:
    """Whether somebody asked that the job be cancelled; only reads.

    Raises
    ------
    LeaseLost
        When the claim is void.
    """
    row = s.execute(
        select(JobRow.cancel_requested, JobRow.cancel_keep).where(
            JobRow.id == fence.job_id, JobRow.token == fence.token, JobRow.status == "running"
        )
    ).one_or_none()
    if row is None:
        raise LeaseLost(f"The claim {fence.token} of job {fence.job_id} is no longer in force.")
    return Renewal(*row)


def record_progress(
    s: Session,
    fence: Fence,
    *,
    epoch: int,
    best_epoch: int | None,
    samples_per_second: float | None,
    eta_seconds: float | None,
) -> None:
    """Say how far the training is; opens the fenced transaction that also appends the epochs' reports.

    Only an epoch that was never reported before shows that the attempt got anywhere: a job that is killed each time at
    the same place would report the epochs before it for ever.
    """
    fenced(
        s,
        fence,
        epoch=epoch,
        best_epoch=best_epoch,
        samples_per_second=samples_per_second,
        eta_seconds=eta_seconds,
        advanced=or_(JobRow.advanced, JobRow.epoch < epoch),
    )


def give_back(s: Session, fence: Fence, *, ran_seconds: float | None = None) -> None:
    """Return the job to the queue of one's own accord; does not count as an attempt."""
    ran = {} if ran_seconds is None else {"claimed_seconds": ran_seconds}
    fenced(s, fence, status="queued", lease_expires_at=None, published_at=None, worker=None, **ran)


def finish(s: Session, fence: Fence, status: str, *, error: dict[str, Any] | None = None, **values: Any) -> None:
    """End the job under the fence: ``succeeded``, ``failed`` or ``cancelled``; its checkpoint goes."""
    fenced(
        s,
        fence,
        status=status,
        error=error,
        lease_expires_at=None,
        checkpoint_id=None,
        eta_seconds=None,
        finished_at=now(),
        **values,
    )
    s.execute(delete(CheckpointBlobRow).where(CheckpointBlobRow.job_id == fence.job_id))


def expired(s: Session, limit: int = 100) -> list[Fence]:
    """Claims whose lease has run out, oldest first."""
    rows = s.execute(
        select(JobRow.id, JobRow.token)
        .where(JobRow.status == "running", JobRow.lease_expires_at < now())
        .order_by(JobRow.lease_expires_at)
        .limit(limit)
    )
    return [Fence(*row) for row in rows]


def take_back(s: Session, fence: Fence, max_attempts: int, *, max_seconds: float = 0.0) -> str | None:
    """Void an expired claim: the job is queued again, or ends where it was cancelled or is out of attempts or of time.

    An attempt counts only when no new epoch was reported and no checkpoint made since its claim.

    Parameters
    ----------
    max_seconds : float
        The service's largest time limit; 0: there is none.

    Returns
    -------
    str or None
        The job's new status; None when the lease was renewed or the job moved on meanwhile.
    """
    still = (
        JobRow.id == fence.job_id,
        JobRow.token == fence.token,
        JobRow.status == "running",
        JobRow.lease_expires_at < now(),
    )
    row = s.scalars(select(JobRow).where(*still).with_for_update()).one_or_none()
    if row is None:
        return None
    attempts = row.attempts + (0 if row.advanced else 1)
    limit = JobLimits.of(row.config, max_seconds=max_seconds).seconds
    if row.cancel_requested and row.cancel_keep is None:
        ended: dict[str, Any] = {"status": "cancelled", "finished_at": now()}
    elif limit is not None and row.claimed_seconds >= limit:
        error = time_limit_exceeded(row.claimed_seconds, limit)
        ended = {"status": "failed", "finished_at": now(), "error": error}
    elif attempts >= max_attempts:
        ended = {"status": "failed", "finished_at": now(), "error": _worker_lost(attempts)}
    else:
        ended = {"status": "queued", "published_at": None}
    changed = s.execute(
        update(JobRow)
        .where(*still)
        .values(token=JobRow.token + 1, attempts=attempts, lease_expires_at=None, worker=None, **ended)
        .returning(JobRow.status)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if changed in ("failed", "cancelled"):
        s.execute(update(JobRow).where(JobRow.id == fence.job_id).values(checkpoint_id=None, eta_seconds=None))
        s.execute(delete(CheckpointBlobRow).where(CheckpointBlobRow.job_id == fence.job_id))
    return changed


def _worker_lost(attempts: int) -> dict[str, Any]:
    return {
        "code": "worker_lost",
        "detail": f"The worker died {attempts} times without having got any further than before.",
        "hint": "Look at the worker's log for the cause; most often it ran out of memory. Try a smaller network.",
    }
