"""The mini-batches of an epoch: the training rows in an order of the epoch's own, cut into pieces."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from core.arrays import IndexArray
from core.randomness import Purpose, stream

EpochOrder: TypeAlias = Callable[[int, int, int], IndexArray]
"""(n_rows, seed, epoch) → the order in which that epoch takes the rows, of shape (n_rows,); a pure function."""


def batch_count(n_rows: int, batch_size: int) -> int:
    """How many batches an epoch has; the last may be smaller."""
    return -(-n_rows // batch_size)


def epoch_order(n_rows: int, seed: int, epoch: int) -> IndexArray:
    """A permutation of all rows, each as likely as any other."""
    return stream(seed, Purpose.SHUFFLE, epoch).permutation(n_rows)


@dataclass(frozen=True)
class BlockedOrder:
    """An order for a matrix that lies on a disk: an `EpochOrder` that stays near a few places of it for a while.

    A permutation of all rows would read a page of the disk for each row, in no order, unless the whole matrix stayed in
    memory. Here blocks of neighbouring rows are permuted, and rows change places only within windows of so many
    blocks. A window's pages are read once, in runs of a block's length, and are done with before the next window's. Its
    blocks come from all over the matrix, so that it has rows of every kind even where the rows are sorted; the more
    blocks there are, the nearer to their shares.

    Attributes
    ----------
    block_rows : int
        Rows of a block, at least 1.
    window_blocks : int
        Blocks of a window, at least 1. With all blocks in one window every permutation is as likely as any other.
    """

    block_rows: int
    window_blocks: int

    def __call__(self, n_rows: int, seed: int, epoch: int) -> IndexArray:
        """The rows 0…n_rows−1 in this epoch's order; the last window may be smaller than the others."""
        random = stream(seed, Purpose.SHUFFLE, epoch)
        starts = random.permutation(batch_count(n_rows, self.block_rows)) * self.block_rows
        order = (starts[:, np.newaxis] + np.arange(self.block_rows)).ravel()
        order = order[order < n_rows]  # the block at the matrix's end may be shorter
        window = self.block_rows * self.window_blocks
        for start in range(0, n_rows, window):
            random.shuffle(order[start : start + window])
        return order


def batch_rows(order: IndexArray, batch_size: int, batch: int) -> IndexArray:
    """The rows of one batch, counted from 0."""
    return order[batch * batch_size : (batch + 1) * batch_size]
