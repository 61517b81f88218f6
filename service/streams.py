"""How many event streams may be open at once: each holds one of the server's threads."""

from __future__ import annotations

import math
import threading
import time

from service.problems import Problem

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
        """Whether a stream was refused a moment ago: those whose clients have gone should find it out."""
        return time.monotonic() - self._refused < WANTED_SECONDS

    def take(self) -> Slot:
        """A slot for one stream.

        Raises
        ------
        Problem
            503 ``too_many_streams``.
        """
        if not self._free.acquire(blocking=False):
            self._refused = time.monotonic()
            detail = "All event streams are taken; poll GET /jobs/{id}/history, or try again."
            raise Problem("too_many_streams", detail, headers={"Retry-After": "3"})
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
