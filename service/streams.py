"""How many event streams may be open at once: each holds one of the server's threads."""

from __future__ import annotations

import math
import threading
import time

WANTED_SECONDS = 5.0


class Streams:
    """Slots for streams.

    Parameters
    ----------
    most : int
        Streams open at the same time.
    """

    def __init__(self, most: int) -> None:
        self._free = threading.BoundedSemaphore(most)
        self._refused = -math.inf

    @property
    def wanted(self) -> bool:
        """Whether one had no place a moment ago: long streams should end, and those without a client find it out."""
        return time.monotonic() - self._refused < WANTED_SECONDS

    def take(self) -> Slot | None:
        """A slot for one stream; None where all are taken."""
        if not self._free.acquire(blocking=False):
            self._refused = time.monotonic()
            return None
        return Slot(self._free)


class Slot:
    """One taken slot; giving it back again does nothing."""

    def __init__(self, free: threading.BoundedSemaphore) -> None:
        self._free: threading.BoundedSemaphore | None = free

    def give_back(self) -> None:
        """Free the slot."""
        free, self._free = self._free, None
        if free is not None:
            free.release()
