"""Keeping a job's lease while its training moves, and hearing of its cancellation."""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType

from store import leases
from store.database import Database
from store.errors import LeaseLost
from store.leases import Fence, Renewal
from worker.limits import LimitWatch
from worker.outages import is_outage
from worker.watchdog import Watchdog

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5  # a cancellation is heard of within this time


class Heartbeat:
    """A thread that renews the lease of one job; a context manager.

    The trainer calls `beat` after every batch (and in every phase before and after). The lease is renewed every
    third of its length, and only while beats arrive: a training that stands still for `stall_seconds` loses
    its lease, and the watchdog ends its process.

    Parameters
    ----------
    database : Database
        Opened by this process.
    fence : Fence
        The claim.
    lease_seconds, stall_seconds : float
        Length of the lease; longest time between two beats.
    watchdog : Watchdog, optional
        Without one a training that stands still is only left alone.
    cancellation : Renewal, optional
        A cancellation that was known at the claim.
    limits : LimitWatch, optional
        Looked at as often as a cancellation is.
    """

    def __init__(
        self,
        database: Database,
        fence: Fence,
        *,
        lease_seconds: float,
        stall_seconds: float,
        watchdog: Watchdog | None = None,
        cancellation: Renewal | None = None,
        limits: LimitWatch | None = None,
    ) -> None:
        self._database, self._fence = database, fence
        self._lease_seconds, self._stall_seconds = lease_seconds, stall_seconds
        self._watchdog, self._limits = watchdog, limits
        self._beats = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"heartbeat-{fence.job_id}", daemon=True)
        self._away = False
        self.lease_lost = False
        self.cancellation = cancellation

    def beat(self) -> None:
        """Say that the training moved; called by the thread that trains."""
        self._beats += 1
        if self._watchdog is not None:
            self._watchdog.pat()

    def __enter__(self) -> Heartbeat:
        self.beat()
        if self._limits is not None:
            self._limits.begin()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._watchdog is not None:
            self._watchdog.stop()
        if self._limits is not None:
            self._limits.settle()
        self._end.set()
        # A thread that waits for a database that is away ends by itself: what it may still write is fenced.
        self._thread.join(timeout=5.0)

    def _run(self) -> None:
        renew_every = self._lease_seconds / 3
        pause = min(_LOOK_SECONDS, renew_every)
        # The claim has just set the lease.
        seen, moved_at, renewed_at = -1, time.monotonic(), time.monotonic()
        while not self._end.wait(pause):
            now = time.monotonic()
            if self._beats != seen:
                seen, moved_at = self._beats, now
            renewing = now - renewed_at >= renew_every - pause / 2
            try:
                if self._limits is not None:
                    self._limits.enforce()
                if now - moved_at >= self._stall_seconds:
                    continue
                self._look(renewing=renewing)
            except LeaseLost:
                self.lease_lost = True
                return
            except Exception as error:
                if not is_outage(error):
                    raise
                self._say_away(error)
                continue
            if renewing:
                renewed_at = now
            if self._away:
                self._away = False
                logger.info("The database is back for the heartbeat of job %s", self._fence.job_id)

    def _look(self, *, renewing: bool) -> None:
        if renewing:
            with self._database.write() as s:
                ran = None if self._limits is None else self._limits.ran_seconds
                found = leases.renew(s, self._fence, self._lease_seconds, ran_seconds=ran)
        else:
            with self._database.read() as s:
                found = leases.cancellation(s, self._fence)
        if found.cancel_requested:
            self.cancellation = found

    def _say_away(self, error: Exception) -> None:
        if not self._away:
            self._away = True
            logger.warning("The heartbeat of job %s cannot reach the database: %s", self._fence.job_id, error)
