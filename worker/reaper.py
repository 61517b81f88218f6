"""The reaper, a process of its own: takes back expired leases, sends lost messages again, moves searches on, sweeps.

Every step is a conditional UPDATE, so that any number of reapers may run at once.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING

from store import leases, messages, searches
from store.checkpoints import sweep_checkpoints
from store.database import Database
from store.files import FileStore
from store.prediction_log import sweep_predictions
from store.settings import Settings
from store.sweep import sweep_datasets
from worker.app import make_app
from worker.logs import configure_logging
from worker.outages import is_outage
from worker.publisher import Outcome, messages_waiting, publish_queued
from worker.readiness import wait_for_database
from worker.search import advance_search

if TYPE_CHECKING:
    from celery import Celery

logger = logging.getLogger(__name__)

_MESSAGES_A_JOB, _MESSAGES_BESIDES = 2, 100


class Reaper:
    """Rounds of taking back, publishing and sweeping.

    Parameters
    ----------
    settings : Settings
        Lease, attempts, sweep periods.
    database : Database
        Opened by this process.
    app : Celery
        To publish with.
    sweeps : mapping of str to callable
        By what they sweep; each removes what nobody owns and returns how many things it removed.
    """

    def __init__(
        self, settings: Settings, database: Database, app: Celery, sweeps: dict[str, Callable[[], int]]
    ) -> None:
        self._settings, self._database, self._app, self._sweeps = settings, database, app, sweeps
        self._swept_at = -float("inf")

    def run(self, end: threading.Event) -> None:
        """Go round every third of a lease until `end` is set."""
        pause = self._wait_for_database(end)
        while not end.wait(pause):
            pause = self._settings.lease_seconds / 3
            try:
                self.round()
            except Exception as error:
                if not is_outage(error):
                    raise
                logger.warning("The database is away: %s", error)
                pause = self._wait_for_database(end, outage=True)

    def _wait_for_database(self, end: threading.Event, *, outage: bool = False) -> float:
        """Wait until the database answers; how long to pause then, seconds.

        While it was away no worker could renew its lease: after an outage each gets a whole one to do so.
        """
        waited = wait_for_database(self._database, end)
        if not outage and waited == 0:
            return 0.0
        logger.info("The database is back; the next round is in a lease, %.0f s", self._settings.lease_seconds)
        return self._settings.lease_seconds

    def round(self) -> None:
        """Take back every expired lease, move searches on, publish what waits too long, and sweep when it is time."""
        self._take_back()
        self._advance_searches()
        self._publish()
        if time.monotonic() - self._swept_at >= self._settings.sweep_seconds:
            self._swept_at = time.monotonic()
            for what, sweep in self._sweeps.items():
                self._sweep(what, sweep)

    def _sweep(self, what: str, sweep: Callable[[], int]) -> None:
        try:
            removed = sweep()
        except OSError:
            # The files' storage is away: leases and messages must not wait for it.
            logger.warning("The sweep of %s failed", what, exc_info=True)
            return
        if removed:
            logger.info("Swept %d %s", removed, what)

    def _take_back(self) -> None:
        while True:
            with self._database.read() as s:
                claims = leases.expired(s)
            for fence in claims:
                with self._database.write() as s:
                    status = leases.take_back(
                        s, fence, self._settings.max_attempts, max_seconds=self._settings.max_job_seconds
                    )
                if status is not None:
                    logger.warning("The lease of job %s ran out: the job is %s", fence.job_id, status)
            if len(claims) < 100:
                return

    def _advance_searches(self) -> None:
        """Do what the end of a trial would have done, where nobody lived to do it."""
        with self._database.read() as s:
            waiting = searches.in_need(s)
        for search_id in waiting:
            advance_search(self._database, self._app, search_id)

    def _publish(self) -> None:
        """Send messages that may be lost, while the broker does not hold plenty.

        A job that waits for hours while all workers are busy would else get another message each lease. With plenty
        there none is needed now: each that a worker takes makes room for those that are missing.
        """
        lease, started = self._settings.lease_seconds, time.monotonic()
        patience = self._settings.trial_patience_seconds
        with self._database.read() as s:
            waiting = messages.republishable(s, lease, patience_seconds=patience)
            enough = _MESSAGES_A_JOB * messages.queued(s) + _MESSAGES_BESIDES
        if not waiting:
            return
        held = messages_waiting(self._app)
        if held is None:
            return  # the broker is away: the next round tries again
        for job_id in waiting[: max(0, enough - held)]:
            sent = publish_queued(self._app, self._database, job_id, lease, patience_seconds=patience)
            if sent is Outcome.BROKER_AWAY:
                return  # the next round tries again
            if time.monotonic() - started > lease:
                return  # leases have run out meanwhile


def store_sweeps(settings: Settings, database: Database) -> dict[str, Callable[[], int]]:
    """What the store keeps that may be left without an owner."""
    files = FileStore(settings.resolved_data_url)

    def checkpoints() -> int:
        with database.write() as s:
            return sweep_checkpoints(s, settings.orphan_seconds)

    def dataset_files() -> int:
        return sweep_datasets(database, files, orphan_seconds=settings.orphan_seconds)

    def predictions() -> int:
        with database.write() as s:
            return sweep_predictions(s, max_rows=settings.log_max_rows, days=settings.log_days)

    return {"logged predictions": predictions, "checkpoints": checkpoints, "dataset files": dataset_files}


def main() -> None:
    """Run the reaper until SIGTERM or SIGINT."""
    settings = Settings()
    configure_logging(settings)
    end = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        end.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    database = Database(settings.resolved_database_url, pool_size=2, silence_seconds=settings.database_seconds)
    logger.info("The reaper is ready; leases of %.0f s", settings.lease_seconds)
    Reaper(settings, database, make_app(settings), store_sweeps(settings, database)).run(end)
    logger.info("The reaper has stopped")


if __name__ == "__main__":
    main()
