"""What may stop a training between two batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.errors import LeaseLost
from store.tables import JobRow
from worker.heartbeat import Heartbeat
from worker.limits import LimitWatch
from worker.shutdown import ShutdownFlag

if TYPE_CHECKING:
    from core.training import TrainingState
    from worker.checkpointer import Checkpointer


class Cancelled(Exception):
    """Somebody cancelled the job; `keep` says which network becomes a version all the same.

    Parameters
    ----------
    keep : {"best", "last"} or None
    """

    def __init__(self, keep: str | None) -> None:
        super().__init__(keep)
        self.keep = keep


class StopAsked(Exception):
    """The worker is stopping: the job goes back to the queue."""


class Interrupts:
    """Looked at between two batches and between the phases of a job.

    Each look counts as a sign of life.

    Attributes
    ----------
    loading_checkpoint : bool
        While it is True, a cancel that keeps a network waits: that network is being loaded.
    """

    def __init__(self, heartbeat: Heartbeat, limits: LimitWatch, shutdown: ShutdownFlag, job: JobRow) -> None:
        self._heartbeat, self._limits, self._shutdown, self._job_id = heartbeat, limits, shutdown, job.id
        self.loading_checkpoint = job.checkpoint_id is not None

    def look(self) -> None:
        """Say that the job moves, and stop it where it is to stop.

        Raises
        ------
        LeaseLost, Cancelled, LimitExceeded, StopAsked
        """
        self._heartbeat.beat()
        if self._heartbeat.lease_lost:
            raise LeaseLost(f"Job {self._job_id} was taken from this worker.")
        cancellation = self._heartbeat.cancellation
        if cancellation is not None and not (self.loading_checkpoint and cancellation.cancel_keep):
            raise Cancelled(cancellation.cancel_keep)
        self._stay_within_limits()
        if self._shutdown.raised:
            raise StopAsked

    def go_on(self) -> None:
        """Say that the job moves, where nothing but its limits may stop it any more.

        Raises
        ------
        LimitExceeded
        """
        self._heartbeat.beat()
        self._stay_within_limits()

    def _stay_within_limits(self) -> None:
        if self._limits.exceeded is not None:
            raise self._limits.exceeded


class BatchWatch:
    """Called after every block of batches: looks at the interrupts, and saves a checkpoint when due (None: never)."""

    def __init__(self, interrupts: Interrupts, checkpointer: Checkpointer | None) -> None:
        self._interrupts, self._checkpointer = interrupts, checkpointer

    def __call__(self, state: TrainingState) -> None:
        self._interrupts.look()
        if self._checkpointer is not None and self._checkpointer.due:
            self._checkpointer.try_to_save(state)
