"""What may stop a training between two batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.errors import LeaseLost
from worker.heartbeat import Heartbeat
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
    """

    def __init__(self, heartbeat: Heartbeat, shutdown: ShutdownFlag, job_id: str) -> None:
        self._heartbeat, self._shutdown, self._job_id = heartbeat, shutdown, job_id

    def look(self) -> None:
        """Say that the job moves, and stop it where it is to stop.

        Raises
        ------
        LeaseLost, Cancelled, StopAsked
        """
        self._heartbeat.beat()
        if self._heartbeat.lease_lost:
            raise LeaseLost(f"Job {self._job_id} was taken from this worker.")
        if self._heartbeat.cancellation is not None:
            raise Cancelled(self._heartbeat.cancellation.cancel_keep)
        if self._shutdown.raised:
            raise StopAsked


class BatchWatch:
    """What a trainer calls after every batch: a look at the interrupts, a checkpoint when one is due."""

    def __init__(self, interrupts: Interrupts, checkpointer: Checkpointer) -> None:
        self._interrupts, self._checkpointer = interrupts, checkpointer

    def __call__(self, state: TrainingState) -> None:
        self._interrupts.look()
        if self._checkpointer.due:
            self._checkpointer.try_to_save(state)
