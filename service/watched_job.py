"""What a poller knows of one job, and what of it is worth telling its streams."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from store.tables import ENDED

STATUS_SECONDS = 1.0  # progress is told at most so often between changes of status
KEPT_ITEMS = 500


@dataclass(frozen=True)
class Snapshot:
    """A job's state as its streams tell it."""

    status: str
    data: dict[str, Any]

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in ENDED


@dataclass(frozen=True)
class News:
    """What a stream is told at once; no state where the job is gone."""

    round: int
    snapshot: Snapshot | None
    items: list[dict[str, Any]]
    last_epoch: int

    def goes_on_from(self, epoch: int) -> bool:
        """Whether the items begin right behind the epoch."""
        return bool(self.items) and self.items[0]["epoch"] == epoch + 1


@dataclass
class WatchedJob:
    """One job that streams follow."""

    followers: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)
    items: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT_ITEMS))
    last_epoch: int = 0
    snapshot: Snapshot | None = None
    gone: bool = False
    round: int = 0  # raised with each piece of news

    def news(self, seen: int, after_epoch: int, wait_seconds: float) -> News | None:
        """What is new since the round that was seen; None where nothing is within `wait_seconds`."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.round != seen or self.gone, wait_seconds):
                return None
            return self._told(after_epoch)

    def known(self, after_epoch: int) -> News | None:
        """What is known without waiting; None before the poller's first look, and where the job is gone."""
        with self.changed:
            return None if self.snapshot is None or self.gone else self._told(after_epoch)

    def _told(self, after_epoch: int) -> News:
        items = [item for item in self.items if item["epoch"] > after_epoch]
        return News(self.round, None if self.gone else self.snapshot, items, self.last_epoch)


class StatusClock:
    """Says when a changed state is worth telling: a new status at once, progress at most once a second."""

    def __init__(self) -> None:
        self._last = 0.0

    def due(self, told: Snapshot | None, now: Snapshot) -> bool:
        at = time.monotonic()
        if told is None or told.status != now.status or now.ended:
            self._last = at
            return True
        if told != now and at - self._last >= STATUS_SECONDS:
            self._last = at
            return True
        return False
