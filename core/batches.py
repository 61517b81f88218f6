"""The mini-batches of an epoch: a permutation of the training rows, cut into pieces."""

from core.arrays import IndexArray
from core.randomness import Purpose, stream


def batch_count(n_rows: int, batch_size: int) -> int:
    """How many batches an epoch has; the last may be smaller."""
    return -(-n_rows // batch_size)


def epoch_order(n_rows: int, seed: int, epoch: int) -> IndexArray:
    """The order in which this epoch takes the rows, of shape (n_rows,)."""
    return stream(seed, Purpose.SHUFFLE, epoch).permutation(n_rows)


def batch_rows(order: IndexArray, batch_size: int, batch: int) -> IndexArray:
    """The rows of one batch, counted from 0."""
    return order[batch * batch_size : (batch + 1) * batch_size]
