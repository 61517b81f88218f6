"""Has the disk read a mapped matrix's rows before an epoch comes to them."""

from __future__ import annotations

import mmap
from types import TracebackType

import numpy as np

from core.arrays import IndexArray
from core.batches import BlockedOrder
from worker.matrices import Matrix, mapping_of


class ReadAhead:
    """An `EpochOrder` of a matrix that is mapped from a file; as a context manager, how it is read meanwhile.

    The kernel guesses from a missing page which others will be wanted, and reads up to megabytes around it. For rows
    in a shuffled order the guess is wrong, and what it reads pushes out of the page cache what is wanted. Within the
    context it does not guess, and is told: a window's blocks are asked for while the window before is trained on, so
    that at most two windows need the page cache at a time (docs/decisions/066).

    Attributes
    ----------
    blocked : BlockedOrder
        The order itself: nothing else here decides a weight.
    """

    def __init__(self, X: Matrix, blocked: BlockedOrder) -> None:
        self.blocked = blocked
        self._mapping = mapping_of(X)
        self._row_bytes = X.strides[0]
        self._window_rows = blocked.block_rows * blocked.window_blocks
        self._windows: list[list[int]] = []
        self._asked = (0, 0)

    def __call__(self, n_rows: int, seed: int, epoch: int) -> IndexArray:
        """The order of an epoch that begins now."""
        order = self.blocked(n_rows, seed, epoch)
        starts = range(0, n_rows, self._window_rows)
        blocks = (np.unique(order[start : start + self._window_rows] // self.blocked.block_rows) for start in starts)
        self._windows = [each.tolist() for each in blocks]
        self._asked = (0, 0)
        self.follow(0)
        return order

    def follow(self, row: int) -> None:
        """Say how many rows the epoch has taken: this window's blocks are asked for, and a like share of the next's."""
        window, within = divmod(row, self._window_rows)
        self._ask(window, self._window_rows)
        self._ask(window + 1, within)

    def _ask(self, window: int, share: int) -> None:
        """Ask for what has not been asked for yet of a window's share, in rows."""
        if window >= len(self._windows):
            return
        blocks = self._windows[window]
        until = -(-len(blocks) * share // self._window_rows)
        before = self._asked[1] if self._asked[0] == window else 0
        for block in blocks[before:until] if self._asked <= (window, until) else ():
            self._advise(block)
        self._asked = max(self._asked, (window, until))

    def _advise(self, block: int) -> None:
        if self._mapping is None:
            return
        size = self.blocked.block_rows * self._row_bytes
        start = block * size // mmap.PAGESIZE * mmap.PAGESIZE
        self._mapping.madvise(mmap.MADV_WILLNEED, start, min((block + 1) * size, len(self._mapping)) - start)

    def __enter__(self) -> ReadAhead:
        if self._mapping is not None:
            self._mapping.madvise(mmap.MADV_RANDOM)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._mapping is not None:
            self._mapping.madvise(mmap.MADV_NORMAL)  # the metrics read it from start to end
