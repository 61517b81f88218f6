"""How many request bodies may be on their way in at once: each holds one of the server's threads until its end."""

from __future__ import annotations

import threading
import time

from service.problems import Problem

PATIENCE_SECONDS = 0.5
_RETRY_SECONDS = "5"


class Receiving:
    """Places for bodies under way.

    Parameters
    ----------
    most : int
        Bodies under way at the same time.
    patience : float
        How long a further one waits, s. One that is under way for longer than that is a slow one, which will not make
        room soon; where all are slow, nobody waits.
    """

    def __init__(self, most: int, *, patience: float = PATIENCE_SECONDS) -> None:
        self._most = most
        self._patience = patience
        self._since: dict[Place, float] = {}
        self._freed = threading.Condition()

    @property
    def under_way(self) -> int:
        """How many bodies are on their way in."""
        return len(self._since)

    def take(self) -> Place:
        """A place for one body.

        Raises
        ------
        Problem
            503 ``too_many_uploads``.
        """
        place = Place(self)
        with self._freed:
            end = time.monotonic() + self._patience
            while len(self._since) >= self._most:
                left = min(end, max(self._since.values()) + self._patience) - time.monotonic()
                if left <= 0:
                    detail = "The server is busy receiving other bodies; try again."
                    raise Problem("too_many_uploads", detail, headers={"Retry-After": _RETRY_SECONDS})
                self._freed.wait(left)
            self._since[place] = time.monotonic()
        return place

    def _give_back(self, place: Place) -> None:
        with self._freed:
            if self._since.pop(place, None) is not None:
                self._freed.notify()


class Place:
    """One taken place; giving it back again does nothing."""

    def __init__(self, receiving: Receiving) -> None:
        self._receiving = receiving

    def give_back(self) -> None:
        """Make room for another body."""
        self._receiving._give_back(self)
