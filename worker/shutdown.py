"""A flag by which a stopping worker asks its training processes to give their jobs back."""

from __future__ import annotations

import mmap
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class ShutdownFlag:
    """One byte of memory shared by a worker and the children that it forks.

    Reading it costs nanoseconds, so that a trainer can look after every batch. A signal sent to a single
    child raises the same flag for that child alone.
    """

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 1)  # anonymous and shared: made before the fork, seen on both sides
        self._own = False

    def raise_for_all(self) -> None:
        """Ask every process that shares the flag to stop."""
        self._shared[0] = 1

    @property
    def raised(self) -> bool:
        """Whether this process is to stop."""
        return self._own or self._shared[0] != 0

    @property
    def raised_here(self) -> bool:
        """Whether this process alone was asked to stop, by SIGTERM."""
        return self._own

    @contextmanager
    def on_sigterm(self) -> Iterator[None]:
        """Within the block, SIGTERM raises the flag for this process instead of ending it; main thread only."""

        def handle(_number: int, _frame: FrameType | None) -> None:
            self._own = True

        before = signal.signal(signal.SIGTERM, handle)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)
