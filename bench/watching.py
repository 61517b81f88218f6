"""Doing something again and again in a thread, while something else is measured."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Watching:
    """Calls `look` in a thread of its own, from the context's beginning to its end.

    Parameters
    ----------
    look : callable
        Gives how long to wait before it is called again, s, or None where there is nothing more to see.
    first_wait : float
        How long to wait before it is called first, s.
    """

    def __init__(self, look: Callable[[], float | None], first_wait: float) -> None:
        self._look, self._first_wait = look, first_wait
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        wait: float | None = self._first_wait
        while wait is not None and not self._ended.wait(wait):
            wait = self._look()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
