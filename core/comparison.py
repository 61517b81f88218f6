"""Which metrics of a task are one number, which way each is better, and by how much one version is better."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.configuration import Task

METRICS: dict[Task, tuple[str, ...]] = {
    "classification": (
        "accuracy",
        "balanced_accuracy",
        "macro_f1",
        "roc_auc",
        "log_loss",
        "brier_score",
        "calibration_error",
    ),
    "regression": ("r2", "rmse", "mae"),
    "multilabel": ("subset_accuracy", "micro_f1", "macro_f1", "roc_auc", "hamming_loss", "binary_cross_entropy"),
    "distribution": ("accuracy", "cross_entropy"),
}
"""The names that `core.metrics.evaluate` gives them, the task's score first."""

LOWER_IS_BETTER = frozenset(
    {
        "log_loss",
        "brier_score",
        "calibration_error",
        "rmse",
        "mae",
        "hamming_loss",
        "binary_cross_entropy",
        "cross_entropy",
    }
)


def metric_names(task: Task, targets: Sequence[str]) -> list[str]:
    """The metrics of a task; of a regression of several targets ``r2``, and ``targets.<name>.<metric>`` of each."""
    if task != "regression" or len(targets) == 1:
        return list(METRICS[task])
    return ["r2", *(f"targets.{target}.{metric}" for target in targets for metric in METRICS[task])]


def metric_values(names: Sequence[str], metrics: Mapping[str, Any]) -> dict[str, float | None]:
    """The values of these metrics in what `core.metrics.evaluate` gave; None for one that it has not."""
    found: dict[str, float | None] = {}
    for name in names:
        part: Mapping[str, Any] = metrics
        if name.startswith("targets."):
            target, _, _ = name.removeprefix("targets.").rpartition(".")
            part = metrics.get("targets", {}).get(target, {})
        found[name] = part.get(name.rpartition(".")[2])
    return found


def lower_is_better(name: str) -> bool:
    """Whether less of the metric is better."""
    return name.rpartition(".")[2] in LOWER_IS_BETTER


def improvement(name: str, value: float, over: float) -> float:
    """By how much the value is better; negative where it is worse."""
    return over - value if lower_is_better(name) else value - over
