"""What each example counts for in the loss: its class's weight times its own."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from core.arrays import Float64Array, FloatArray
from core.configuration import BALANCED
from core.errors import EncodingError
from core.table import Column, NumberColumn
from core.targets import TargetEncoding, class_key


def sample_weights(name: str, column: Column) -> Float64Array:
    """The weights that a column holds, of shape (n,).

    Raises
    ------
    EncodingError
        For categories, and for a weight that is missing or below 0; names column and row.
    """
    if not isinstance(column, NumberColumn):
        raise EncodingError(f"the sample weight {name!r} holds categories, not numbers", name)
    bad = ~(column.values >= 0)
    if bad.any():
        row = int(np.argmax(bad))
        said = "missing" if np.isnan(column.values[row]) else f"{column.values[row]:g}"
        raise EncodingError(f"the sample weight {name!r} is {said} in row {row}, not a number from 0 on", name, row)
    return column.values


def class_weights(
    asked: str | Mapping[str, float] | None, targets: FloatArray, encoding: TargetEncoding
) -> Float64Array | None:
    """The weight of each class, of shape (n_classes,); None for none.

    Parameters
    ----------
    asked : "balanced", mapping or None
        `balanced`: n / (K n_c), so that every class counts alike in all. A mapping is by the class's JSON text; a class
        that it leaves out counts 1.
    targets : ndarray of shape (n, n_classes)
        The training rows' one-hot targets.
    """
    if asked is None:
        return None
    if asked == BALANCED:
        counts: Float64Array = np.maximum(targets.sum(axis=0, dtype=np.float64), 1)  # a class may be absent here
        weights: Float64Array = len(targets) / (targets.shape[1] * counts)  # [BALANCED]
        return weights
    assert not isinstance(asked, str)
    return np.array([asked.get(class_key(value), 1.0) for value in encoding.classes])


def example_weights(
    targets: FloatArray, of_classes: Float64Array | None, of_samples: Float64Array | None
) -> npt.NDArray[np.float32] | None:
    """The weight of each row of targets, of shape (n,); None where every row counts alike."""
    if of_classes is None:
        return None if of_samples is None else of_samples.astype(np.float32)
    weights: Float64Array = of_classes[targets.argmax(axis=1)]
    return (weights if of_samples is None else weights * of_samples).astype(np.float32)


def shares(weights: FloatArray) -> FloatArray:
    """What each row of a batch counts for in the batch's loss: w/Σw, so that they sum to one; zeros where Σw is 0."""
    total = float(weights.sum(dtype=np.float64))
    return weights / (total if total > 0 else 1.0)  # [SHARES]


def mean_loss(losses: FloatArray, shares: FloatArray | None) -> float:
    """The mean of each example's loss (m,), by their shares where there are any; summed in float64."""
    return float(losses.mean(dtype=np.float64) if shares is None else (losses * shares).sum(dtype=np.float64))
