"""The score of each task, summed up batch by batch.

Classification and distribution: the share of rows whose most probable class is the target's. Multilabel: subset
accuracy, the share of rows with every label right (an output is a label from 0.5 on). Regression: R², the mean over
the targets; it is the same number in standardised units and in the target's own.
"""

# NumPy's and SciPy's stubs give Any for reductions and for mixed scalars.
# mypy: disable-error-code="no-any-return"

import numpy as np

from core.arrays import Float64Array, FloatArray
from core.configuration import Task


def tally(task: Task, outputs: FloatArray, targets: FloatArray) -> Float64Array:
    """What a batch adds to the score: the rows that are right, or each target's squared residuals."""
    if task == "regression":
        return np.square(outputs.astype(np.float64) - targets).sum(axis=0)
    return np.array([right(task, outputs, targets).sum()], dtype=np.float64)


def right(task: Task, outputs: FloatArray, targets: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which rows are right, of shape (m,); for every task but regression."""
    if task == "multilabel":
        return ((outputs >= 0.5) == (targets >= 0.5)).all(axis=1)
    return outputs.argmax(axis=1) == targets.argmax(axis=1)


def spread(targets: FloatArray) -> Float64Array:
    """Each target's sum of squares about its mean, which R² divides by; exactly 0 for a constant one."""
    values = targets.astype(np.float64)
    squares = np.square(values - values.mean(axis=0)).sum(axis=0)
    return np.where(values.min(axis=0) == values.max(axis=0), 0.0, squares)


def score(task: Task, total: Float64Array, rows: int, targets_spread: Float64Array) -> float | None:
    """The score of `rows` rows from the sum of their tallies; None where it is not defined.

    R² is not defined for a constant target; the mean is over the targets for which it is.
    """
    if task != "regression":
        return float(total[0]) / rows
    defined = targets_spread > 0
    if not defined.any():
        return None
    return float(np.mean(1 - total[defined] / targets_spread[defined]))
