"""Bringing epoch reports to the database while a job runs, in batches that cost it little."""

from __future__ import annotations

import logging
import time
from collections import deque
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from store import histories, leases
from store.database import Database
from store.leases import Fence
from worker.outages import is_outage

if TYPE_CHECKING:
    from core.training import EpochReport

logger = logging.getLogger(__name__)

_LEAST_SHARE = 20  # a write is followed by at least so many times its own length without one
_RATE_EPOCHS = 50


class Progress:
    """Reports that are on their way to the database.

    While the database is away they wait here, and the training goes on.

    Parameters
    ----------
    epochs : int
        At most so many will come.
    seen_epoch : int
        How far the job was at its claim: what people see never goes back.
    report_seconds : float
        Reports reach the database at most this late (later only where writing is slow).
    """

    def __init__(
        self, database: Database, fence: Fence, project: str, *, epochs: int, seen_epoch: int, report_seconds: float
    ) -> None:
        self._database, self._fence, self._project = database, fence, project
        self._epochs, self._seen_epoch, self._report_seconds = epochs, seen_epoch, report_seconds
        self._waiting: list[dict[str, Any]] = []
        self._recent: deque[tuple[float, int]] = deque(maxlen=_RATE_EPOCHS)  # seconds, samples of an epoch
        self._next_write = time.monotonic()  # the first epoch is shown at once
        self.seconds_writing = 0.0

    def add(self, report: EpochReport, best_epoch: int | None) -> None:
        """Take an epoch's report, and write all that wait when it is time.

        Raises
        ------
        LeaseLost
            When the claim is void.
        """
        fields = asdict(report)
        self._recent.append((fields["seconds"], fields.pop("samples")))
        self._waiting.append(fields | {"best_epoch": best_epoch})
        if time.monotonic() >= self._next_write:
            self.try_to_write()

    def try_to_write(self) -> bool:
        """Write what waits; False when the database is away and it waits on.

        Raises
        ------
        LeaseLost
            When the claim is void.
        """
        try:
            self.write()
        except Exception as error:
            if not is_outage(error):
                raise
            logger.warning(
                "%d reports of job %s wait for the database: %s", len(self._waiting), self._fence.job_id, error
            )
            self._next_write = time.monotonic() + 1.0
            return False
        return True

    def write(self) -> None:
        """Write what waits in one fenced transaction with the job's progress.

        Raises
        ------
        LeaseLost
            When the claim is void.
        """
        if not self._waiting:
            return
        started = time.monotonic()
        last = self._waiting[-1]
        rate, eta = self._pace(last["epoch"])
        with self._database.write() as s:
            leases.record_progress(
                s,
                self._fence,
                epoch=max(last["epoch"], self._seen_epoch),
                best_epoch=last["best_epoch"],
                samples_per_second=rate,
                eta_seconds=eta,
            )
            histories.append_reports(s, self._project, self._fence.job_id, self._waiting)
        self._waiting.clear()
        cost = time.monotonic() - started
        self.seconds_writing += cost
        self._next_write = time.monotonic() + max(self._report_seconds, _LEAST_SHARE * cost)

    def _pace(self, epoch: int) -> tuple[float | None, float | None]:
        """Samples a second over the last epochs, and the seconds that the remaining ones would take."""
        seconds = sum(each for each, _ in self._recent)
        if seconds <= 0:
            return None, None
        samples = sum(each for _, each in self._recent)
        return samples / seconds, (self._epochs - epoch) * seconds / len(self._recent)
