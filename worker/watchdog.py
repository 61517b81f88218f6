"""Ending a process whose training stands still."""

from __future__ import annotations

import faulthandler
import sys
import time


class Watchdog:
    """Ends this process when `pat` was not called for a while.

    The timer is faulthandler's C thread, which needs no interpreter lock: it ends a process that is blocked
    inside a C call too, and writes every thread's stack to stderr first. There is one in a process.

    Parameters
    ----------
    seconds : float
        Longest time between two pats.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._period = min(1.0, seconds / 8)  # arming starts a thread: not for every batch
        self._armed_at = -float("inf")

    def pat(self) -> None:
        """Say that the training moved."""
        now = time.monotonic()
        if now - self._armed_at >= self._period:
            self._armed_at = now
            faulthandler.dump_traceback_later(self._seconds, exit=True, file=sys.__stderr__ or sys.stderr)

    def stop(self) -> None:
        """Watch no longer."""
        faulthandler.cancel_dump_traceback_later()
        self._armed_at = -float("inf")
