"""One claim of a job, worked off: what any kind of job does when it ends, stops, fails or is taken away."""

from __future__ import annotations

import logging
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from store import leases
from store.errors import LeaseLost
from store.leases import Fence, Renewal
from store.limits import JobLimits
from store.tables import JobRow
from worker.ending import end_job
from worker.errors import internal_error, job_error
from worker.heartbeat import Heartbeat
from worker.interrupts import Cancelled, Interrupts, StopAsked
from worker.limits import LimitWatch
from worker.outages import is_outage, through_outages
from worker.publisher import publish_queued
from worker.runtime import Runtime

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 600.0  # a database that is away longer loses this worker's attempt, not the job
_GIVE_BACK_SECONDS = 5.0


class Attempt(ABC):
    """A claim of a job; each kind of job does its own work in `do`.

    Attributes
    ----------
    heartbeat : Heartbeat
        To be entered around `work`.
    """

    def __init__(self, runtime: Runtime, job: JobRow) -> None:
        self._runtime, self._job = runtime, job
        self._database, self._settings = runtime.database, runtime.settings
        self._fence = Fence(job.id, job.token)
        settings = runtime.settings
        limits = JobLimits.of(
            job.config, max_seconds=settings.max_job_seconds, max_memory_bytes=settings.max_job_memory_bytes
        )
        # A claim counts its lease as used up: all before that are the attempts before.
        self._limits = LimitWatch(limits, job.claimed_seconds - settings.lease_seconds, fail=self._fail)
        self.heartbeat = Heartbeat(
            runtime.database,
            self._fence,
            lease_seconds=settings.lease_seconds,
            stall_seconds=settings.stall_seconds,
            watchdog=runtime.watchdog,
            cancellation=Renewal(cancel_requested=True, cancel_keep=job.cancel_keep) if job.cancel_requested else None,
            limits=self._limits,
        )
        self._interrupts = Interrupts(self.heartbeat, self._limits, runtime.shutdown, job)

    @abstractmethod
    def do(self) -> None:
        """Do the job and end it; to be called by `work` alone.

        Raises
        ------
        LeaseLost, Cancelled, StopAsked
            What the looks at the interrupts raise; any other error is a failure of the job.
        """

    def work(self) -> None:
        """Do the job, and end it or give it back.

        Raises
        ------
        LeaseLost
            When it is another worker's by now.
        """
        logger.info("Job %s begins (claim %d)", self._job.id, self._job.token)
        try:
            self.do()
        except StopAsked:
            self._give_back()
        except Cancelled:  # before there was anything to keep
            self._finish("cancelled")
        except Exception as error:
            if isinstance(error, LeaseLost) or is_outage(error):
                raise
            foreseen = job_error(error)
            if foreseen is not None:
                logger.warning("Job %s failed: %s", self._job.id, foreseen["detail"])
                self._finish("failed", error=foreseen)
                return
            incident = secrets.token_hex(4)
            logger.exception("Job %s failed, incident %s", self._job.id, incident)
            self._finish("failed", error=internal_error(incident))
            raise

    def _fail(self, error: dict[str, Any]) -> None:
        """End the job, and nothing else: for the heartbeat, when this thread does not."""
        with self._database.write() as s:
            end_job(s, self._job, self._fence, "failed", error=error)
        logger.warning("Job %s failed: %s", self._job.id, error["detail"])

    def _finish(self, status: str, **outcome: Any) -> None:
        """End the job as `worker.ending.end_job` says."""
        self._limits.settle()

        def finish() -> None:
            with self._database.write() as s:
                end_job(s, self._job, self._fence, status, **outcome)

        self._patiently(finish)
        logger.info("Job %s %s", self._job.id, status)

    def _give_back(self) -> None:
        """Return the job to the queue and send its message again, for a worker that stays."""

        def give_back() -> None:
            with self._database.write() as s:
                leases.give_back(s, self._fence, ran_seconds=self._limits.ran_seconds)

        self._limits.settle()
        # This process is asked to go: the reaper does what does not succeed soon.
        through_outages(give_back, patience_seconds=_GIVE_BACK_SECONDS, beat=self.heartbeat.beat)
        sent = publish_queued(
            self._runtime.app,
            self._database,
            self._job.id,
            self._settings.lease_seconds,
            patience_seconds=self._settings.trial_patience_seconds,
        )
        logger.info("Job %s is given back (message %s)", self._job.id, sent.value)

    def _patiently(self, transaction: Callable[[], None]) -> None:
        """Repeat a fenced transaction through an outage of the database; the job waits with it."""
        through_outages(
            transaction,
            patience_seconds=PATIENCE_SECONDS,
            beat=self.heartbeat.beat,
            give_up=lambda: self._runtime.shutdown.raised,
        )
