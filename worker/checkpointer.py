"""When a training is checkpointed, and how: bytes first, then the short transaction that names them."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from store.checkpoints import name_checkpoint, write_blob
from store.database import Database
from store.leases import Fence
from worker.checkpointing import encode
from worker.outages import is_outage
from worker.progress import Progress

if TYPE_CHECKING:
    from core.training import TrainingState

logger = logging.getLogger(__name__)

_LEAST_SHARE = 20  # a checkpoint is followed by at least so many times its own cost without one
_AFTER_OUTAGE_SECONDS = 1.0


class Checkpointer:
    """Saves a job's state from time to time.

    Reports are written before a checkpoint that covers them: a training that goes on from it does not report
    those epochs again.

    Parameters
    ----------
    seconds : float
        Least time between two checkpoints; more where they are costly.
    """

    def __init__(self, database: Database, fence: Fence, project: str, progress: Progress, seconds: float) -> None:
        self._database, self._fence, self._project = database, fence, project
        self._progress, self._seconds = progress, seconds
        self._due_at = time.monotonic() + seconds

    @property
    def due(self) -> bool:
        """Whether it is time for a checkpoint."""
        return time.monotonic() >= self._due_at

    def save(self, state: TrainingState) -> None:
        """Write the reports that wait, the state's bytes, and the job's new checkpoint.

        Raises
        ------
        LeaseLost
            When the claim is void; the checkpoint in force stays.
        """
        started = time.monotonic()
        self._progress.write()
        with self._database.write() as s:
            blob_id = write_blob(s, self._project, self._fence.job_id, encode(state))
        with self._database.write() as s:
            name_checkpoint(s, self._fence, blob_id)
        cost = time.monotonic() - started
        self._due_at = time.monotonic() + max(self._seconds, _LEAST_SHARE * cost)

    def try_to_save(self, state: TrainingState) -> bool:
        """Save, or leave it for later when the database is away; says which.

        Raises
        ------
        LeaseLost
            When the claim is void.
        """
        try:
            self.save(state)
        except Exception as error:
            if not is_outage(error):
                raise
            logger.warning("A checkpoint of job %s waits for the database: %s", self._fence.job_id, error)
            self._due_at = time.monotonic() + _AFTER_OUTAGE_SECONDS
            return False
        return True
