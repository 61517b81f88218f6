"""Searches of hyper-parameters: rows of `jobs` that no worker holds, moved on by the ends of their trials.

A search's `token` counts what has happened to it: a trial that ended, trials that were added, a cancel. Whoever moves
it on has read all of it, and writes under the token that it read (`store.leases.fenced`): zero rows mean that it has
read too early. Where a transaction touches a search and its trials, the search comes first, so that no two of them
wait for each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.orm import Session

from core.search_config import SearchConfig
from store.candidates import drop_candidate, publish_candidate
from store.clock import now
from store.ids import new_id
from store.leases import Fence, fenced, finish
from store.tables import UNFINISHED, CheckpointBlobRow, JobRow

PRUNED = "pruned"
NONE_SUCCEEDED = {
    "code": "no_trial_succeeded",
    "detail": "No trial of the search came to its end.",
    "hint": "The errors of its trials say why (GET /jobs/{job}/trials); most often the space allows what cannot be.",
}


@dataclass(frozen=True)
class NewTrial:
    """A trial that is yet to be a job; with an `error` it has failed before it began."""

    config: dict[str, Any]
    epochs: int
    error: dict[str, Any] | None = None


@dataclass(frozen=True)
class Study:
    """A running search as it was read: its row, and its trials by number."""

    search: JobRow
    trials: list[JobRow]

    @property
    def config(self) -> SearchConfig:
        """What it asks for."""
        return config_of(self.search)

    @property
    def ended(self) -> int:
        """How many trials have ended."""
        return sum(trial.status not in UNFINISHED for trial in self.trials)

    @property
    def room(self) -> int:
        """How many trials are to be added now."""
        return _room(self.search, len(self.trials), self.ended)


def config_of(search: JobRow) -> SearchConfig:
    """What a search asks for."""
    return SearchConfig.from_dict(search.config["search"])


def trial_state(trial: JobRow) -> str:
    """What has become of a trial: queued, running, complete, pruned, failed or cancelled."""
    if trial.status == "succeeded":
        return "complete"
    if trial.status == "cancelled" and trial.error is not None and trial.error["code"] == PRUNED:
        return PRUNED
    return trial.status


def read_study(s: Session, search_id: str) -> Study | None:
    """The search as it is; None where it has ended, or is no search."""
    running = (JobRow.id == search_id, JobRow.kind == "search", JobRow.status == "running")
    # In this order: a trial that ends between the two raises the token, and what is done with this study is refused.
    search = s.scalars(select(JobRow).where(*running)).one_or_none()
    return None if search is None else Study(search, trials_of(s, search_id))


def trials_of(s: Session, search_id: str, *, after: int = -1, limit: int | None = None) -> list[JobRow]:
    """A search's trials with numbers above `after`, in order, at most `limit`."""
    query = select(JobRow).where(JobRow.search_id == search_id, JobRow.trial > after)
    return list(s.scalars(query.order_by(JobRow.trial).limit(limit)))


def in_need(s: Session) -> list[str]:
    """Ids of the running searches that can be moved on: they have room, or have not heard of a trial's end."""
    unfinished = func.sum(case((JobRow.status.in_(UNFINISHED), 1), else_=0))
    counted = select(JobRow.search_id, func.count(), unfinished).where(JobRow.search_id.is_not(None))
    running = list(s.scalars(select(JobRow).where(JobRow.kind == "search", JobRow.status == "running")))
    if not running:
        return []
    counted = counted.where(JobRow.search_id.in_([search.id for search in running])).group_by(JobRow.search_id)
    counts = {search_id: (count, count - open_) for search_id, count, open_ in s.execute(counted)}
    found = []
    for search in running:
        total, ended = counts.get(search.id, (0, 0))
        if _room(search, total, ended) or ended == total or ended != search.epoch:
            found.append(search.id)
    return found


def advance(s: Session, study: Study, new: Sequence[NewTrial]) -> list[str]:
    """Add trials to the study as it was read, or end the search where none is left to wait for.

    Returns
    -------
    list of str
        Ids of the new jobs that wait for a worker; the caller publishes their messages after the commit.

    Raises
    ------
    LeaseLost
        When something happened to the search since it was read; nothing was changed.
    Conflict
        ``model_target_mismatch``, where the search ends.
    """
    search, first = study.search, len(study.trials)
    fence = Fence(search.id, search.token)
    fenced(s, fence, token=JobRow.token + 1, epoch=study.ended + sum(trial.error is not None for trial in new))
    jobs = [_job_of(search, first + index, trial) for index, trial in enumerate(new)]
    s.add_all(jobs)
    s.flush()
    if not new and study.ended == first:
        _conclude(s, search.id)
    return [job.id for job in jobs if job.status == "queued"]


def hold(s: Session, trial: JobRow) -> JobRow | None:
    """Lock a trial's search in the transaction that ends the trial, before the trial itself.

    Its token is raised: who has read the search before, and so without this end, reads it again.

    Returns
    -------
    JobRow or None
        The search; None where it has ended.
    """
    return s.scalars(
        update(JobRow)
        .where(JobRow.id == trial.search_id, JobRow.status == "running")
        .values(token=JobRow.token + 1)
        .returning(JobRow)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).one_or_none()


def cancel(s: Session, search: JobRow, keep: str | None) -> None:
    """Cancel a search whose row is locked: its queued trials at once, its running ones as soon as they hear of it.

    Parameters
    ----------
    keep : str or None
        Anything but None publishes the best of the trials that have ended.
    """
    _cancel_trials(s, search.id)
    search.cancel_requested, search.cancel_keep, search.token = True, keep, search.token + 1
    s.flush()
    unfinished = select(JobRow.id).where(JobRow.search_id == search.id, JobRow.status.in_(UNFINISHED)).limit(1)
    if s.scalar(unfinished) is None:
        _conclude(s, search.id)


def fail(s: Session, search_id: str, error: dict[str, Any]) -> None:
    """End a search for a cause outside of its trials; those that still run are cancelled."""
    fence = select(JobRow).where(JobRow.id == search_id, JobRow.status == "running").with_for_update()
    search = s.scalars(fence).one_or_none()
    if search is None:
        return
    _cancel_trials(s, search_id)
    finish(s, Fence(search_id, search.token), "failed", error=error)
    drop_candidate(s, search_id)


def delete_trials(s: Session, search_id: str) -> None:
    """Remove all that a search leaves beside its own row; what hangs on the trials' jobs goes with them."""
    drop_candidate(s, search_id)
    s.execute(delete(JobRow).where(JobRow.search_id == search_id).execution_options(synchronize_session=False))


def _room(search: JobRow, total: int, ended: int) -> int:
    if search.cancel_requested:
        return 0
    config = config_of(search)
    return max(0, min(config.parallelism - (total - ended), config.most_trials - total))


def _job_of(search: JobRow, number: int, trial: NewTrial) -> JobRow:
    waits = trial.error is None
    return JobRow(
        id=new_id("job"),
        project_id=search.project_id,
        kind="train",
        status="queued" if waits else "failed",
        config=trial.config,
        dataset_id=search.dataset_id,
        dataset_name=search.dataset_name,
        dataset_version=search.dataset_version,
        dataset_sha256=search.dataset_sha256,
        model_name=search.model_name,
        search_id=search.id,
        trial=number,
        epochs=trial.epochs,
        error=trial.error,
        published_at=now() if waits else None,
        finished_at=None if waits else now(),
    )


def _cancel_trials(s: Session, search_id: str) -> None:
    unfinished = (JobRow.search_id == search_id, JobRow.status.in_(UNFINISHED))
    s.execute(update(JobRow).where(*unfinished).values(cancel_requested=True))
    queued = (JobRow.search_id == search_id, JobRow.status == "queued")
    ended = {"status": "cancelled", "finished_at": now(), "checkpoint_id": None}
    gone = s.scalars(update(JobRow).where(*queued).values(**ended).returning(JobRow.id)).all()
    s.execute(delete(CheckpointBlobRow).where(CheckpointBlobRow.job_id.in_(gone)))


def _conclude(s: Session, search_id: str) -> None:
    """End a search that waits for no trial, in the transaction that holds its row."""
    search = s.scalars(select(JobRow).where(JobRow.id == search_id).execution_options(populate_existing=True)).one()
    fence = Fence(search.id, search.token)
    if search.cancel_requested:
        finish(s, fence, "cancelled")
        source = "kept" if search.cancel_keep is not None else None
    elif search.trial is None:
        finish(s, fence, "failed", error=NONE_SUCCEEDED)
        return
    else:
        finish(s, fence, "succeeded")
        source = "trained"
    if source is None:
        drop_candidate(s, search.id)
    else:
        publish_candidate(s, search, source)
