"""A job from its message to its end: claimed, and done as its kind is."""

from __future__ import annotations

import logging
from collections.abc import Callable

from store import leases
from store.errors import LeaseLost
from store.tables import JobRow
from worker.app import INTERACTIVE
from worker.attempt import PATIENCE_SECONDS, Attempt
from worker.outages import is_outage, through_outages
from worker.prediction_job import PredictionAttempt
from worker.publisher import publish
from worker.runtime import Runtime
from worker.search import try_to_advance
from worker.training_job import TrainingAttempt

logger = logging.getLogger(__name__)

_ATTEMPTS: dict[str, Callable[[Runtime, JobRow], Attempt]] = {"train": TrainingAttempt, "predict": PredictionAttempt}


def run_job(runtime: Runtime, job_id: str, priority: int = INTERACTIVE) -> None:
    """Claim the job that a message names, do it, and end it; nothing happens when another worker has it.

    A search is claimed by nobody: it is moved on, as it is after each trial of it.

    Whatever happens to this process on the way, the job's row says what is true: a claim that is not renewed is
    taken back by the reaper, and a training goes on from its last checkpoint.

    Parameters
    ----------
    priority : int
        Of the message.
    """
    if runtime.shutdown.raised:
        publish(runtime.app, job_id, priority)  # for another worker
        return
    job = _claim(runtime, job_id)
    if job is None:
        if not try_to_advance(runtime.database, runtime.app, job_id):
            logger.info("Job %s is not queued: nothing to do", job_id)
        return
    attempt = _ATTEMPTS[job.kind](runtime, job)
    try:
        with attempt.heartbeat:
            attempt.work()
    except LeaseLost:
        logger.warning("Job %s is no longer this worker's: it stops", job_id)
    except Exception as error:
        if not is_outage(error):
            raise
        logger.exception("Job %s is left to the reaper: the database stayed away", job_id)
    finally:
        if job.search_id is not None:
            try_to_advance(runtime.database, runtime.app, job.search_id)


def _claim(runtime: Runtime, job_id: str) -> JobRow | None:
    """Claim the job, waiting for a database that is away; None when there is nothing to claim.

    A claim whose commit was not answered may be in force: then it is this worker's, not another's.
    """
    unanswered = False

    def claim() -> JobRow | None:
        nonlocal unanswered
        before, unanswered = unanswered, True
        with runtime.database.write() as s:
            job = leases.claim(s, job_id, worker=runtime.worker, lease_seconds=runtime.settings.lease_seconds)
            if job is None and before:
                job = leases.claimed_by(s, job_id, runtime.worker)
            return job

    return through_outages(claim, patience_seconds=PATIENCE_SECONDS, give_up=lambda: runtime.shutdown.raised)
