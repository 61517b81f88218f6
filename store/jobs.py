"""Jobs as people see them: listed, cancelled, retried, deleted."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from store import idempotency, searches
from store.clock import now
from store.errors import Conflict, NotFound
from store.ids import looks_like_id
from store.submission import submit
from store.tables import ENDED, EpochReportRow, JobRow


def get_job(s: Session, project: str, job_id: str) -> JobRow:
    """The job.

    Raises
    ------
    NotFound
        ``job_not_found``.
    """
    job = s.scalars(select(JobRow).where(JobRow.project_id == project, JobRow.id == job_id)).one_or_none()
    if job is None:
        raise NotFound("job", job_id)
    return job


def find_jobs(
    s: Session,
    project: str,
    *,
    status: str | None = None,
    model: str | None = None,
    kind: str | None = None,
    dataset: str | None = None,
    before_id: str | None = None,
    limit: int = 50,
) -> list[JobRow]:
    """Jobs, newest first, at most `limit`, those before `before_id` in that order.

    Parameters
    ----------
    dataset : str or None
        An id, a name (any version of it) or ``name@version``; also of one that is deleted.
    """
    query = select(JobRow).where(JobRow.project_id == project)
    for column, value in ((JobRow.status, status), (JobRow.model_name, model), (JobRow.kind, kind)):
        if value is not None:
            query = query.where(column == value)
    if dataset is not None:
        query = query.where(*_of_dataset(dataset))
    if before_id is not None:
        query = query.where(JobRow.id < before_id)
    return list(s.scalars(query.order_by(JobRow.id.desc()).limit(limit)))


def request_cancel(s: Session, project: str, job_id: str, keep: str | None = None) -> JobRow:
    """Cancel a queued job at once; ask a running one to stop. A search's trials are cancelled with it.

    Parameters
    ----------
    keep : {"best", "last"} or None
        Which network of a running job becomes a version all the same; of a search it is the best trial's.

    Raises
    ------
    NotFound, Conflict
        ``job_not_found``; ``job_ended``.
    """
    job = _locked_job(s, project, job_id)
    if job.status in ENDED:
        raise Conflict("job_ended", f"The job {job_id} has ended already; it is {job.status}.")
    if job.kind == "search":
        searches.cancel(s, job, keep)
        s.refresh(job)
        return job
    job.cancel_requested = True
    job.cancel_keep = keep
    # A job that waits to be resumed has something to keep; one that never ran has not.
    if job.status == "queued" and (keep is None or job.checkpoint_id is None):
        s.execute(update(JobRow).where(JobRow.id == job_id).values(status="cancelled", finished_at=now()))
    s.flush()
    s.refresh(job)
    return job


def retry_job(s: Session, project: str, job_id: str, *, max_queued: int | None = None) -> JobRow:
    """Queue a new job that asks for the same as an ended one; of a trial one that belongs to no search.

    Raises
    ------
    NotFound, Conflict
        ``job_not_found``, ``dataset_not_found``, ``version_not_found``; ``job_not_ended``,
        ``model_target_mismatch``, ``too_many_jobs``.
    """
    job = _locked_job(s, project, job_id)
    if job.status not in ENDED:
        raise Conflict("job_not_ended", f"The job {job_id} is {job.status}; only an ended job can be retried.")
    again, _ = submit(
        s,
        project,
        config={name: value for name, value in job.config.items() if name != "trial"},
        dataset_id=job.dataset_id,
        model_name=job.model_name,
        epochs=job.epochs,
        kind=job.kind,
        model_version=job.model_version if job.kind == "predict" else None,
        retry_of=job.id,
        max_queued=max_queued,
    )
    return again


def delete_job(s: Session, project: str, job_id: str) -> None:
    """Remove an ended job with its history, a search with its trials; a version that it published stays.

    Raises
    ------
    NotFound, Conflict
        ``job_not_found``; ``job_not_ended``, also for a trial whose search has not.
    """
    job = _locked_job(s, project, job_id)
    if job.status not in ENDED:
        raise Conflict("job_not_ended", f"The job {job_id} is {job.status}; cancel it first.")
    if job.search_id is not None and get_job(s, project, job.search_id).status not in ENDED:
        raise Conflict("job_not_ended", f"The job {job_id} is a trial of {job.search_id}, which still runs.")
    if job.kind == "search":
        searches.delete_trials(s, job_id)
    s.execute(delete(EpochReportRow).where(EpochReportRow.job_id == job_id))
    idempotency.forget(s, project, job_id)
    s.delete(job)


def _of_dataset(reference: str) -> tuple[ColumnElement[bool], ...]:
    if looks_like_id(reference):
        return (JobRow.dataset_id == reference,)
    name, pinned, version = reference.partition("@")
    if not pinned:
        return (JobRow.dataset_name == name,)
    return JobRow.dataset_name == name, JobRow.dataset_version == int(version)


def _locked_job(s: Session, project: str, job_id: str) -> JobRow:
    job = s.scalars(
        select(JobRow).where(JobRow.project_id == project, JobRow.id == job_id).with_for_update()
    ).one_or_none()
    if job is None:
        raise NotFound("job", job_id)
    return job
