"""Early stopping: which epoch is the best, and when there is no use in going on."""

from dataclasses import dataclass

from core.configuration_checks import check_choice, check_integer, check_number
from core.errors import InvalidConfiguration
from core.schedules import MAX_EPOCHS

ALL_TASKS = ("classification", "regression", "multilabel", "distribution")

TASKS_OF: dict[str, tuple[str, ...]] = {
    "validation_loss": ALL_TASKS,
    "validation_score": ALL_TASKS,
    "validation_balanced_accuracy": ("classification",),
    "validation_macro_f1": ("classification", "multilabel"),
    "validation_roc_auc": ("classification", "multilabel"),
    "validation_rmse": ("regression",),
    "validation_mae": ("regression",),
    "train_loss": ALL_TASKS,
    "train_score": ALL_TASKS,
}
"""The metrics that can be watched, each with the tasks that have it."""

LOWER_IS_BETTER = frozenset({"validation_loss", "validation_rmse", "validation_mae", "train_loss"})


@dataclass(frozen=True)
class EarlyStopping:
    """Stop after `patience` epochs without an improvement of at least `min_delta`; the best epoch is restored.

    Without validation rows a metric of theirs cannot be watched: then it is the training loss.
    """

    metric: str = "validation_loss"
    patience: int = 20
    min_delta: float = 1e-4

    def __post_init__(self) -> None:
        check_choice("early_stopping.metric", self.metric, tuple(TASKS_OF))
        check_integer("early_stopping.patience", self.patience, 1, MAX_EPOCHS)
        check_number(self, "early_stopping.min_delta", 0, 1e6)

    def check_task(self, task: str) -> None:
        """Refuse a metric that the task does not have."""
        if task not in TASKS_OF[self.metric]:
            fitting = ", ".join(metric for metric, tasks in TASKS_OF.items() if task in tasks)
            raise InvalidConfiguration("early_stopping.metric", f"{task} has no {self.metric}", f"one of {fitting}")


@dataclass
class Watch:
    """What early stopping remembers; plain JSON values.

    Attributes
    ----------
    best_epoch : int or None
        The epoch of the best value so far; None before the first.
    best_value : float or None
        That value; None while it has never been defined.
    reference_value : float or None
        The value at the last improvement of at least min_delta.
    epochs_without_improvement : int
        Epochs since then.
    """

    best_epoch: int | None = None
    best_value: float | None = None
    reference_value: float | None = None
    epochs_without_improvement: int = 0

    def see(self, epoch: int, value: float | None, *, lower_is_better: bool, min_delta: float) -> bool:
        """Take an epoch's value into account; whether the epoch is the best so far.

        A value that is not defined is no improvement; the first epoch is the best for want of another.
        """
        best = self.best_epoch is None or (value is not None and _better(value, self.best_value, lower_is_better, None))
        if best:
            self.best_epoch, self.best_value = epoch, value
        if value is not None and _better(value, self.reference_value, lower_is_better, min_delta):
            self.reference_value, self.epochs_without_improvement = value, 0
        else:
            self.epochs_without_improvement += 1
        return best


def _better(value: float, than: float | None, lower_is_better: bool, least: float | None) -> bool:
    """Whether a value is better, by at least `least`; by anything at all when that is None."""
    if than is None:
        return True
    if least is None:
        return value < than if lower_is_better else value > than
    return value <= than - least if lower_is_better else value >= than + least
