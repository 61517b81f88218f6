"""What the end of an epoch decides: whether it is the best, whether the rate falls, whether there is another."""

from core.configuration import TrainingConfig
from core.early_stopping import LOWER_IS_BETTER
from core.reports import EpochReport
from core.training_state import EpochSums, TrainingState
from core.watched_metrics import WATCHED


def close_epoch(config: TrainingConfig, state: TrainingState, report: EpochReport, watched: float | None) -> None:
    """Let the schedule, early stopping and the limits see the epoch, and move the state on to the next.

    `watched` is the metric that early stopping watches, where the report does not have it.
    """
    progress = state.progress
    _watch(config, state, report, watched)
    progress.seconds += report.seconds
    progress.out_of_time = config.max_seconds is not None and progress.seconds >= config.max_seconds
    progress.stopped = progress.stopped or progress.out_of_time or progress.epoch >= config.epochs
    progress.epoch += 1
    progress.batch = 0
    state.sums = EpochSums()


def _watch(config: TrainingConfig, state: TrainingState, report: EpochReport, watched: float | None) -> None:
    progress, stopping = state.progress, config.early_stopping
    loss = report.train_loss if report.validation_loss is None else report.validation_loss
    if config.schedule.name == "plateau":
        progress.plateau.watch(config.schedule, loss)
    if stopping is None:
        return
    metric = "train_loss" if report.validation_loss is None else stopping.metric
    value = watched if metric in WATCHED else getattr(report, metric)
    lower = metric in LOWER_IS_BETTER
    if progress.watch.see(progress.epoch, value, lower_is_better=lower, min_delta=stopping.min_delta):
        state.best_parameters = state.parameters.copy()
    progress.stopped = progress.watch.epochs_without_improvement >= stopping.patience
