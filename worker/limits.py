"""Keeping a job within its time and its memory, also where its training does not stop by itself."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from store.limits import JobLimits, memory_limit_exceeded, time_limit_exceeded
from store.machine import held_bytes
from worker.errors import JobError

logger = logging.getLogger(__name__)

_STOP_SECONDS = 5.0  # for the trainer to stop by itself


class LimitExceeded(JobError):
    """The job went beyond one of its limits.

    Parameters
    ----------
    error : dict
        The job's `error`.
    """

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["code"], error["detail"], error["hint"])
        self.error = error


class LimitWatch:
    """What the heartbeat looks at beside the lease, from the job's start to its last transaction.

    A job beyond a limit is asked to stop (`exceeded`, which `worker.interrupts` raises). Where it does not within some
    seconds, the heartbeat fails it under its fence and ends this process: a hang that lets other threads run, or
    a step that lasts.

    Parameters
    ----------
    limits : JobLimits
    before_seconds : float
        How long the job has run in its attempts before this one.
    fail : callable
        Ends the job with this `error`, in one fenced transaction.
    leave : callable, optional
        Ends the process.
    stop_seconds : float, optional
        How long the trainer is waited for.

    Attributes
    ----------
    exceeded : LimitExceeded or None
        Why the job is to stop.
    """

    def __init__(
        self,
        limits: JobLimits,
        before_seconds: float,
        *,
        fail: Callable[[dict[str, Any]], None],
        leave: Callable[[], None] | None = None,
        stop_seconds: float | None = None,
    ) -> None:
        self._limits, self._before = limits, before_seconds
        self._fail, self._leave = fail, leave or _end_process
        self._stop_seconds = _STOP_SECONDS if stop_seconds is None else stop_seconds
        self._begun_at = self._exceeded_at = time.monotonic()
        self._held_before: int | None = None
        self._settled = False
        self.exceeded: LimitExceeded | None = None

    @property
    def ran_seconds(self) -> float:
        """How long the job has run, over all attempts, by this process's own clock."""
        return self._before + time.monotonic() - self._begun_at

    def begin(self) -> None:
        """The work begins: what the process holds now is not the job's."""
        self._begun_at = time.monotonic()
        if self._limits.memory_bytes is not None:
            self._held_before = held_bytes()
            if self._held_before is None:
                logger.warning("This system does not say what memory a process holds: no limit on it is kept")
        self._look()

    def settle(self) -> None:
        """The job's last transaction begins, or has been: no limit holds from now on."""
        self._settled = True

    def enforce(self) -> None:
        """Look at the limits; end the job and the process where the trainer was asked to stop and has not.

        Raises
        ------
        LeaseLost
            When the job is another worker's by now.
        """
        if self._settled:
            return
        if self.exceeded is None:
            self._look()
        elif time.monotonic() - self._exceeded_at >= self._stop_seconds:
            self._fail(self.exceeded.error)
            if not self._settled:
                logger.error("The training did not stop within %.1f s: its process ends", self._stop_seconds)
                self._leave()

    def _look(self) -> None:
        error = self._find()
        if error is not None:
            logger.warning("The job is to stop: %s", error["detail"])
            self._exceeded_at = time.monotonic()
            self.exceeded = LimitExceeded(error)

    def _find(self) -> dict[str, Any] | None:
        seconds, memory = self._limits.seconds, self._limits.memory_bytes
        if seconds is not None and (ran := self.ran_seconds) >= seconds:
            return time_limit_exceeded(ran, seconds)
        if memory is not None and self._held_before is not None:
            held = (held_bytes() or 0) - self._held_before
            if held > memory:
                return memory_limit_exceeded(held, memory)
        return None


def _end_process() -> None:
    """End this process at once, whatever its other threads do; the log gets their stacks."""
    faulthandler.dump_traceback(file=sys.__stderr__ or sys.stderr)
    os._exit(1)
