"""Which version answers, remembered for a moment: what the database said, and the version that it named, loaded.

A request looks at what was found last. Once that is older than `max_age`, one of the requests asks the database again,
and loads another version before any answers with it; the others go on with the old one meanwhile, though not with
one that is older than `MOST_AGE`: they wait, and where the question fails for all, as without a database, it fails for
them too: if they asked one after the other, the last would wait for all. So an alias's move, a new newest version or a
deletion is seen within a second, and no request waits for a load but the first.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from service.loaded_version import LoadedVersion
from service.problems import Problem
from store.errors import NotFound
from store.selection import Selection

MOST_AGE = 0.9  # s; with the time of the question itself, within a second
MOST_KEPT = 10_000


class Asked(NamedTuple):
    """Of whom a version is asked, and by what."""

    project: str
    model: str
    version: int | None
    alias: str | None


class Chosen(NamedTuple):
    """A version that answers, and why it does."""

    selection: Selection
    version: LoadedVersion


@dataclass(eq=False)
class _Entry:
    chosen: Chosen
    asked_at: float
    asking: threading.Lock
    failure: Exception | None = None
    failures: int = 0


class Selections:
    """What answers, by what was asked.

    Parameters
    ----------
    find : callable
        Asks the database, and loads what it names; raises what the request should be refused with.
    max_age : float
        Seconds for which what was found is not asked for again; 0: it always is.
    max_bytes : int
        Most memory of the versions that are held here; where they have more, all are let go.
    clock : callable
        Seconds that only go forward.
    """

    def __init__(
        self,
        find: Callable[[Asked], Chosen],
        max_age: float,
        *,
        max_bytes: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find = find
        self._max_age = max_age
        self._max_bytes = max_bytes
        self._clock = clock
        self._entries: dict[Asked, _Entry] = {}

    def get(self, asked: Asked) -> Chosen:
        """The version that answers.

        Raises
        ------
        Problem, NotFound
            What `find` raises: nothing that was found before answers then.
        """
        entry = self._entries.get(asked)
        if entry is None or self._max_age == 0:
            return self._first(asked)
        age = self._clock() - entry.asked_at
        if age < self._max_age:
            return entry.chosen
        failures = entry.failures
        if not entry.asking.acquire(blocking=age >= MOST_AGE):
            return entry.chosen
        try:
            if entry.failure is not None and entry.failures != failures:
                raise entry.failure
            if self._clock() - entry.asked_at >= self._max_age:  # nobody did while this one waited
                self._ask(asked, entry)
            return entry.chosen
        finally:
            entry.asking.release()

    def _first(self, asked: Asked) -> Chosen:
        asked_at = self._clock()
        chosen = self._find(asked)
        if self._max_age > 0:
            self._make_room(chosen)
            self._entries[asked] = _Entry(chosen, asked_at, threading.Lock())
        return chosen

    def _make_room(self, chosen: Chosen) -> None:
        versions = {id(entry.chosen.version): entry.chosen.version for entry in list(self._entries.values())}
        versions[id(chosen.version)] = chosen.version
        if len(self._entries) >= MOST_KEPT or sum(each.nbytes for each in versions.values()) > self._max_bytes:
            self._entries.clear()

    def _ask(self, asked: Asked, entry: _Entry) -> None:
        asked_at = self._clock()  # before the question: what is answered may be as old as that
        try:
            chosen = self._find(asked)
        except (Problem, NotFound):
            self._entries.pop(asked, None)
            raise
        except Exception as error:
            entry.failure, entry.failures = error, entry.failures + 1
            raise
        if chosen.version is not entry.chosen.version:
            self._make_room(chosen)
            self._entries[asked] = entry
        entry.chosen, entry.asked_at = chosen, asked_at
