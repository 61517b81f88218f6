"""The metrics of the validation rows that are computed after an epoch only where early stopping watches them."""

# NumPy's stubs give Any for reductions.
# mypy: disable-error-code="no-any-return"

from collections.abc import Callable

import numpy as np

from core.arrays import FloatArray
from core.class_scores import balanced_accuracy, macro_f1, roc_auc
from core.targets import TargetEncoding

ValidationMetric = Callable[[FloatArray, FloatArray, TargetEncoding], float | None]


def choices(task: str, outputs: FloatArray) -> FloatArray:
    """What a network says, as 0 and 1 of the outputs' shape: the most probable class, or every label from 0.5 on."""
    if task == "multilabel":
        return (outputs >= 0.5).astype(np.float64)
    return np.eye(outputs.shape[1])[outputs.argmax(axis=1)]


def _balanced_accuracy(outputs: FloatArray, targets: FloatArray, _encoding: TargetEncoding) -> float:
    return balanced_accuracy(targets.argmax(axis=1), outputs.argmax(axis=1))


def _macro_f1(outputs: FloatArray, targets: FloatArray, encoding: TargetEncoding) -> float | None:
    return macro_f1(choices(encoding.task, outputs), targets)


def _roc_auc(outputs: FloatArray, targets: FloatArray, _encoding: TargetEncoding) -> float | None:
    return roc_auc(outputs, targets)


def _rmse(outputs: FloatArray, targets: FloatArray, encoding: TargetEncoding) -> float:
    residuals = encoding.inverse(outputs) - encoding.inverse(targets)
    return float(np.sqrt(np.square(residuals).mean(axis=0)).mean())


def _mae(outputs: FloatArray, targets: FloatArray, encoding: TargetEncoding) -> float:
    return float(np.abs(encoding.inverse(outputs) - encoding.inverse(targets)).mean())


WATCHED: dict[str, ValidationMetric] = {
    "validation_balanced_accuracy": _balanced_accuracy,
    "validation_macro_f1": _macro_f1,
    "validation_roc_auc": _roc_auc,
    "validation_rmse": _rmse,
    "validation_mae": _mae,
}
"""Outputs and targets (n, n_outputs) of the validation rows → the metric; RMSE and MAE are means over the targets."""
