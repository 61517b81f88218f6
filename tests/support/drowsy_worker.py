"""A worker whose heartbeat, after a long sleep, is late to hear of anything: ``python -m tests.support.drowsy_worker``.

What a trainer that slept past its lease writes must then be refused by the fence: nobody else tells it to stop.
"""

from __future__ import annotations

import time

from store.settings import Settings
from worker import main
from worker.heartbeat import Heartbeat

_LATE_SECONDS = 20.0


def be_late_after(sleep_seconds: float) -> None:
    """Have a heartbeat wait long before its next look where it was stopped for so long."""
    look, begin = Heartbeat._look, Heartbeat.__enter__
    looked_at: dict[Heartbeat, float] = {}

    def begin_awake(self: Heartbeat) -> Heartbeat:
        looked_at[self] = time.monotonic()
        return begin(self)

    def look_late(self: Heartbeat, *, renewing: bool) -> None:
        if time.monotonic() - looked_at[self] > sleep_seconds:
            self._end.wait(_LATE_SECONDS)
        looked_at[self] = time.monotonic()
        look(self, renewing=renewing)

    Heartbeat.__enter__ = begin_awake  # type: ignore[method-assign]
    Heartbeat._look = look_late  # type: ignore[method-assign]


if __name__ == "__main__":
    be_late_after(Settings().lease_seconds)
    main.main()
