"""Inverted dropout: the masks that multiply the hidden activations, or the inputs, of one batch."""

from collections.abc import Sequence

import numpy.typing as npt

from core.arrays import FloatArray
from core.randomness import Purpose, stream


def dropout_masks(
    hidden: Sequence[int], rows: int, rate: float, *, seed: int, epoch: int, batch: int, dtype: npt.DTypeLike
) -> list[FloatArray] | None:
    """One mask of shape (rows, n_ℓ) for each hidden layer; None when the rate is 0.

    An entry is 0 with probability `rate`, else 1/(1 − rate), so that the expected activation is unchanged and nothing
    has to be scaled at prediction.
    """
    if rate == 0:
        return None
    random = stream(seed, Purpose.DROPOUT, epoch, batch)
    return [(random.random((rows, n)) >= rate).astype(dtype) / (1 - rate) for n in hidden]


def drop_inputs(X: FloatArray, rate: float, *, seed: int, epoch: int, batch: int) -> FloatArray:
    """The batch X (m, n_in) after its own mask of the same kind; X itself when the rate is 0."""
    if rate == 0:
        return X
    mask = stream(seed, Purpose.INPUT_DROPOUT, epoch, batch).random(X.shape) >= rate
    return X * (mask.astype(X.dtype) / (1 - rate))
