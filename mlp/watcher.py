"""Keeps the parts of the embedded stack running until it is told to stop."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from types import FrameType

from mlp.guardian import Guardian
from mlp.part import Part

_TICK_SECONDS = 0.1
_PAUSES = (0.0, 0.2, 0.5, 1.0)
"""Wait before a restart after 1, 2, 3, 4 quick deaths in a row, s; the fifth is the last."""
_QUICK_SECONDS = 10.0
_SLOW_SECONDS = 30.0
_STOP_SECONDS = {"api": 10.0, "worker": 20.0, "reaper": 5.0, "redis": 5.0}


class GaveUp(Exception):
    """A part died quickly five times in a row."""

    def __init__(self, part: Part) -> None:
        super().__init__(f"{part.name} died {len(_PAUSES) + 1} times in a row within {_QUICK_SECONDS:g} s of its start")
        self.part = part


class _Watched:
    """A part, and what is known of its lives."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.started: float | None = None
        self.ready = False
        self.warned = False
        self.quick_deaths = 0
        self.next_start = 0.0


class Watcher:
    """Starts parts in order, restarts what dies, and stops all in the reverse order.

    Parameters
    ----------
    parts : sequence of Part
        Each is started when those before it run; the first (the broker) is ready when its start returns.
    guardian : Guardian
    say : callable
        Takes the part's name, and a line for a person.
    on_ready : callable
        Called once, when every part is ready for the first time.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        guardian: Guardian,
        say: Callable[[str, str], None],
        on_ready: Callable[[], None],
    ) -> None:
        self._watched = [_Watched(part) for part in parts]
        self._guardian, self._say, self._on_ready = guardian, say, on_ready
        self._signals = 0
        self._was_ready = False

    def run(self) -> None:
        """Run until SIGINT, SIGTERM or SIGHUP; a second signal stops by force. Call from the main thread.

        Raises
        ------
        GaveUp
            After everything has been stopped.
        """
        former = {
            number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        try:
            while not self._signals:
                self._guardian.check()
                for watched in self._watched:
                    if not self._signals:
                        self._look_at(watched)
                if not self._was_ready and all(watched.ready for watched in self._watched):
                    self._was_ready = True
                    self._on_ready()
                time.sleep(_TICK_SECONDS)
        finally:
            self._stop()
            for number, handler in former.items():
                signal.signal(number, handler)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1
        if self._signals == 2:
            raise KeyboardInterrupt  # breaks off the wait for a part that stops slowly

    def _look_at(self, watched: _Watched) -> None:
        """Take one step with one part: notice its death, start it, or notice that it is ready."""
        now, part = time.monotonic(), watched.part
        if not part.running:
            if watched.started is not None:
                self._note_death(watched, now)
            if now >= watched.next_start:
                watched.started = now
                part.start()
        elif not watched.ready:
            waited = now - (watched.started or now)
            if part.ready():
                watched.ready = True
                self._say(part.name, "ready")
            elif waited > _SLOW_SECONDS and not watched.warned:
                watched.warned = True
                self._say(part.name, f"not ready after {waited:.0f} s; its log is {part.log}")

    def _note_death(self, watched: _Watched, now: float) -> None:
        watched.part.stop(0.0)  # its children, if it left any
        lived = now - (watched.started or now)
        watched.quick_deaths = watched.quick_deaths + 1 if lived < _QUICK_SECONDS else 1
        if watched.quick_deaths > len(_PAUSES):
            raise GaveUp(watched.part)
        watched.next_start = now + _PAUSES[watched.quick_deaths - 1]
        watched.started, watched.ready = None, False
        self._say(watched.part.name, f"died after {lived:.1f} s, is started again")

    def _stop(self) -> None:
        """Stop all in order, each within its bound; after a second signal at once."""
        try:
            for watched in reversed(self._watched):
                if watched.part.running:
                    self._say(watched.part.name, "stopping")
                watched.part.stop(_STOP_SECONDS.get(watched.part.name, 5.0))
        except KeyboardInterrupt:
            for watched in reversed(self._watched):
                watched.part.stop(0.0)
        finally:
            self._guardian.close()
