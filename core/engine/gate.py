"""A gate that a few threads pass together, again and again; lighter than `threading.Barrier`."""

import itertools
import threading


class GateBroken(Exception):
    """Another thread failed: there is nothing left to wait for."""


class Gate:
    """Lets `threads` threads pass once all of them wait.

    Each thread but the last to come sleeps on a lock of its own, which the last one opens. Counting is one step of the
    interpreter, so that no lock guards the count.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._arrivals = itertools.count(1)
        self._locks = [threading.Lock() for _ in range(threads)]
        self._broken = False
        for lock in self._locks:
            lock.acquire()

    def wait(self, thread: int) -> None:
        """Wait for the others, as the thread of this number.

        Raises
        ------
        GateBroken
            When another thread broke the gate instead of coming.
        """
        if next(self._arrivals) % self._threads == 0:
            for other, lock in enumerate(self._locks):
                if other != thread:
                    lock.release()
        else:
            self._locks[thread].acquire()
        if self._broken:
            raise GateBroken

    def break_up(self) -> None:
        """Have every thread that waits, or comes later, raise `GateBroken`."""
        self._broken = True
        for lock in self._locks:
            if lock.locked():
                lock.release()
