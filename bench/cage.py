"""Keeps the mapped files of this process from filling the page cache, as a machine with less memory would."""

from __future__ import annotations

import ctypes
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.watching import Watching

_PAGE = 4096
_CHUNK_PAGES = 64
_CHUNK = _PAGE * _CHUNK_PAGES
_LOOK_SECONDS = 0.2
_PAGEOUT, _POPULATE_READ, _SYNC = 21, 22, 4  # of madvise(2), Linux 5.4 and 5.14; and of msync(2)

_libc = ctypes.CDLL(None, use_errno=True)  # whose calls let other threads run meanwhile


@dataclass
class _Span:
    """One mapping, and in which order its chunks were first seen in the page cache; 0 for those that are not in it."""

    start: int
    size: int
    seen: npt.NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self.seen = np.zeros(-(-self.size // _CHUNK), dtype=np.int64)

    def look(self, moment: int) -> npt.NDArray[np.int64]:
        """Pages of each chunk that are in the page cache."""
        pages = np.zeros(len(self.seen) * _CHUNK_PAGES, dtype=np.uint8)
        found = _libc.mincore(
            ctypes.c_void_p(self.start), ctypes.c_size_t(self.size), ctypes.c_void_p(pages.ctypes.data)
        )
        counts = (pages & 1).reshape(-1, _CHUNK_PAGES).sum(axis=1, dtype=np.int64) if found == 0 else 0 * self.seen
        self.seen = np.where(counts == 0, 0, np.where(self.seen == 0, moment, self.seen))
        return counts

    def let_go(self, chunk: int) -> None:
        """Have the kernel write a chunk where that is due, and forget it. It forgets only what is mapped."""
        start = self.start + chunk * _CHUNK
        size = min(_CHUNK, self.start + self.size - start)
        place, length = ctypes.c_void_p(start), ctypes.c_size_t(size)
        _libc.msync(place, length, _SYNC)
        _libc.madvise(place, length, _POPULATE_READ)
        _libc.madvise(place, length, _PAGEOUT)


class Cage(Watching):
    """Holds what the page cache has of this process's mappings of files in a folder near a limit; a context manager.

    What came first goes first, a few times a second: nearly what the kernel does when memory is short. The limit is
    exceeded by what is read between two looks.

    Attributes
    ----------
    most : int
        Bytes in the page cache at the fullest look.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        super().__init__(self._guard, _LOOK_SECONDS)
        self._folder, self._limit = str(folder), limit
        self._spans: dict[int, _Span] = {}
        self._moment = self.most = 0

    def tighten(self) -> None:
        """Look once, and let go of what is beyond the limit."""
        self._find()
        self._moment += 1
        counts = {start: span.look(self._moment) for start, span in self._spans.items()}
        cached = _PAGE * sum(int(each.sum()) for each in counts.values())
        self.most = max(self.most, cached)
        oldest = sorted(
            (int(span.seen[chunk]), start, int(chunk))
            for start, span in self._spans.items()
            for chunk in np.flatnonzero(span.seen)
        )
        for _, start, chunk in oldest:
            if cached <= self._limit:
                break
            self._spans[start].let_go(chunk)
            cached -= _PAGE * int(counts[start][chunk])

    def _find(self) -> None:
        found: dict[int, int] = {}
        for line in Path("/proc/self/maps").read_text("utf-8").splitlines():
            if self._folder in line:
                start, end = (int(place, 16) for place in line.split(maxsplit=1)[0].split("-"))
                found[start] = end - start
        self._spans = {
            start: kept if (kept := self._spans.get(start)) and kept.size == size else _Span(start, size)
            for start, size in found.items()
        }

    def _guard(self) -> float:
        started = time.monotonic()
        self.tighten()
        return max(_LOOK_SECONDS, 4 * (time.monotonic() - started))  # a fifth of a core at most
