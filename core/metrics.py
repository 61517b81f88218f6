"""How well a network does on one part of the table: its scores, what they are worth, and what no network would reach.

Every number is finite or None, so that the whole can be JSON.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from core.arrays import Float64Array, FloatArray
from core.calibration import calibration_bins, calibration_error
from core.class_scores import balanced_accuracy, macro_f1, roc_auc
from core.configuration import Task
from core.intervals import LEVEL, bootstrap_interval, wilson_interval
from core.scores import right, score, spread
from core.targets import TargetEncoding
from core.watched_metrics import choices

MAX_CONFUSION_CLASSES = 100
LEAST_PROBABILITY = float(np.finfo(np.float32).tiny)  # a float32 probability that fell to 0 was below this

SCORE_OF: dict[Task, str] = {
    "classification": "accuracy",
    "regression": "r2",
    "multilabel": "subset_accuracy",
    "distribution": "accuracy",
}
"""The name of each task's score, the one that has an interval."""


def evaluate(
    task: Task,
    outputs: FloatArray,
    targets: FloatArray,
    target_encoding: TargetEncoding,
    *,
    train_targets: FloatArray,
    seed: int,
) -> dict[str, Any]:
    """The metrics of one part of the rows.

    Parameters
    ----------
    task : str
    outputs : ndarray of shape (n, n_outputs)
        The network's, finite, as `MLP.predict` gives them; n is at least 1.
    targets : ndarray of shape (n, n_outputs)
        As `target_encoding.transform` gives them.
    target_encoding : TargetEncoding
    train_targets : ndarray of shape (n_train, n_outputs)
        The training rows' targets, which the baseline is taken from.
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict
        `rows`, the task's scores, `interval` (`{score, low, high, level}`) and `baseline`. Logarithms are natural;
        regression errors are in the target's own units.

    Raises
    ------
    ValueError
        When there is no row.
    """
    if len(outputs) == 0:
        raise ValueError("there are no rows to evaluate")
    metrics = METRICS_OF[task](outputs.astype(np.float64), targets.astype(np.float64), target_encoding)
    if task == "regression":
        interval = bootstrap_interval(*_own_units(outputs, targets, target_encoding), seed)
    else:
        interval = wilson_interval(int(right(task, outputs, targets).sum()), len(outputs))
    return {
        "rows": len(outputs),
        **metrics,
        "interval": {"score": SCORE_OF[task], "low": interval[0], "high": interval[1], "level": LEVEL},
        "baseline": _baseline(task, targets, target_encoding, train_targets),
    }


def _classification(p: Float64Array, y: Float64Array, encoding: TargetEncoding) -> dict[str, Any]:
    classes = y.shape[1]
    truth, predicted = y.argmax(axis=1), p.argmax(axis=1)
    bins = calibration_bins(p.max(axis=1), predicted == truth)
    metrics: dict[str, Any] = {
        "accuracy": float((predicted == truth).mean()),
        "balanced_accuracy": balanced_accuracy(truth, predicted),
        "macro_f1": macro_f1(choices("classification", p), y),
        "roc_auc": roc_auc(p, y),
        "log_loss": _cross_entropy(p, y),
        "brier_score": float(np.square(p - y).sum(axis=1).mean()),
        "calibration_error": calibration_error(bins),
        "calibration": bins,
    }
    if classes <= MAX_CONFUSION_CLASSES:
        matrix = np.bincount(truth * classes + predicted, minlength=classes * classes).reshape(classes, classes)
        metrics["confusion_matrix"] = {"labels": list(encoding.classes), "matrix": matrix.tolist()}
    return metrics


def _distribution(p: Float64Array, y: Float64Array, _encoding: TargetEncoding) -> dict[str, Any]:
    return {"accuracy": float(right("distribution", p, y).mean()), "cross_entropy": _cross_entropy(p, y)}


def _multilabel(p: Float64Array, y: Float64Array, _encoding: TargetEncoding) -> dict[str, Any]:
    chosen, wanted = p >= 0.5, y >= 0.5
    named = int(chosen.sum() + wanted.sum())
    return {
        "subset_accuracy": float(right("multilabel", p, y).mean()),
        "hamming_loss": float((chosen != wanted).mean()),
        "micro_f1": float(2 * (chosen & wanted).sum() / named) if named else None,
        "macro_f1": macro_f1(chosen, wanted),
        "roc_auc": roc_auc(p, y),
        "binary_cross_entropy": _cross_entropy(p, y) + _cross_entropy(1 - p, 1 - y),
    }


def _regression(outputs: Float64Array, y: Float64Array, encoding: TargetEncoding) -> dict[str, Any]:
    """R², RMSE and MAE; for several targets one of each by name, and the mean R²."""
    predicted, wanted = _own_units(outputs, y, encoding)
    residuals = predicted - wanted
    squares, about_mean = np.square(residuals).sum(axis=0), spread(wanted)
    each = {
        name: {
            "r2": score("regression", squares[[k]], len(y), about_mean[[k]]),
            "rmse": float(np.sqrt(squares[k] / len(y))),
            "mae": float(np.abs(residuals[:, k]).mean()),
        }
        for k, name in enumerate(encoding.names)
    }
    if len(each) == 1:
        return each[encoding.names[0]]
    return {"r2": score("regression", squares, len(y), about_mean), "targets": each}


METRICS_OF: dict[Task, Callable[[Float64Array, Float64Array, TargetEncoding], dict[str, Any]]] = {
    "classification": _classification,
    "regression": _regression,
    "multilabel": _multilabel,
    "distribution": _distribution,
}


def _baseline(task: Task, targets: FloatArray, encoding: TargetEncoding, train_targets: FloatArray) -> dict[str, Any]:
    """The scores of who knows the training targets and no feature.

    Classification: the most frequent class of training. Regression and distribution: the training mean. Multilabel:
    each label as most training rows have it.
    """
    mean = train_targets.mean(axis=0, dtype=np.float64)
    constant = np.broadcast_to(mean, targets.shape)
    y = targets.astype(np.float64)
    if task == "regression":
        return {"kind": "training_mean", **_regression(constant, y, encoding)}
    accuracy = float(right(task, constant, y).mean())
    if task == "classification":
        label = encoding.classes[int(mean.argmax())]
        return {"kind": "majority_class", "label": label, "accuracy": accuracy, "log_loss": _cross_entropy(constant, y)}
    if task == "multilabel":
        return {"kind": "majority_of_each_label", "subset_accuracy": accuracy}
    return {"kind": "training_mean", "accuracy": accuracy, "cross_entropy": _cross_entropy(constant, y)}


def _cross_entropy(p: Float64Array, y: Float64Array) -> float:
    """The mean over the rows of −Σ y log p, in nats."""
    return float(-(y * np.log(np.maximum(p, LEAST_PROBABILITY))).sum(axis=1).mean()) + 0.0  # no −0.0


def _own_units(outputs: FloatArray, targets: FloatArray, encoding: TargetEncoding) -> tuple[Float64Array, Float64Array]:
    return encoding.inverse(outputs), encoding.inverse(targets)
