"""Saying how many rows of a table are done while a job runs, seldom enough to cost little."""

from __future__ import annotations

import logging
import time

from store import datasets, leases
from store.database import Database
from store.leases import Fence
from worker.outages import is_outage

logger = logging.getLogger(__name__)

_LEAST_SHARE = 20  # a write is followed by at least so many times its own length without one
_AFTER_OUTAGE_SECONDS = 1.0


class RowProgress:
    """How far a job is, in rows; keeps the row of the upload that it writes alive, too.

    Parameters
    ----------
    rows : int
        In all.
    seen_rows : int
        How far an attempt was before this one: what people see never goes back.
    report_seconds : float
        Least time between two writes.
    upload_id : str
    upload_seconds : float
        For how long a write keeps the upload.
    """

    def __init__(
        self,
        database: Database,
        fence: Fence,
        *,
        rows: int,
        seen_rows: int,
        report_seconds: float,
        upload_id: str,
        upload_seconds: float,
    ) -> None:
        self._database, self._fence = database, fence
        self._rows, self._seen_rows, self._report_seconds = rows, seen_rows, report_seconds
        self._upload_id, self._upload_seconds = upload_id, upload_seconds
        self._started = self._next_write = time.monotonic()

    def tell(self, done: int) -> None:
        """Say that so many rows are done, where it is time to.

        Raises
        ------
        LeaseLost
            When the claim is void.
        """
        started = time.monotonic()
        if started < self._next_write:
            return
        try:
            self._write(done)
        except Exception as error:
            if not is_outage(error):
                raise
            logger.warning("The progress of job %s waits for the database: %s", self._fence.job_id, error)
            self._next_write = time.monotonic() + _AFTER_OUTAGE_SECONDS
            return
        ended = time.monotonic()
        self._next_write = ended + max(self._report_seconds, _LEAST_SHARE * (ended - started))

    def _write(self, done: int) -> None:
        rate = done / max(1e-9, time.monotonic() - self._started)
        with self._database.write() as s:
            leases.record_progress(
                s,
                self._fence,
                epoch=max(done, self._seen_rows),
                best_epoch=None,
                samples_per_second=rate,
                eta_seconds=(self._rows - done) / rate if rate else None,
            )
            datasets.renew_upload(s, self._upload_id, lease_seconds=self._upload_seconds)
