"""A trial in the worker: what it comes to, and whether its search's pruner lets it go on.

It is looked at after fixed epochs only, and once: a trial that passed an epoch passes it again when it is resumed, so
that where it was interrupted changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.reports import EpochReport
from core.search_config import PrunerConfig, SearchConfig
from store import candidates, histories, jobs, searches, trial_values
from store.database import Database
from store.leases import Fence
from store.tables import JobRow
from worker.errors import JobError
from worker.sampling import optuna
from worker.trainer import AnyTrainer

Patiently = Callable[[Callable[[], None]], None]


class Pruned(Exception):
    """The search's pruner ended the trial.

    Parameters
    ----------
    value : float
        The best that it came to.
    error : dict
        Why, for the job's `error`.
    """

    def __init__(self, value: float, error: dict[str, Any]) -> None:
        super().__init__(error["detail"])
        self.value, self.error = value, error


class Trial:
    """What a job that is a trial has beside a training of its own."""

    def __init__(self, database: Database, fence: Fence, job: JobRow, search: JobRow, patiently: Patiently) -> None:
        self._database, self._fence, self._job, self._patiently = database, fence, job, patiently
        self._search_id, self._config = search.id, searches.config_of(search)

    def look(self, report: EpochReport, trainer: AnyTrainer) -> None:
        """Judge the trial after an epoch, where its pruner looks then and the training goes on.

        Raises
        ------
        Pruned
            It is worse than those before it.
        LeaseLost
            When the claim is void.
        """
        pruner, epoch = self._config.pruner, report.epoch
        if pruner is None or trainer.state.progress.stopped or not pruner.looks_at(epoch):
            return
        value = self._value_after(report, trainer)
        if value is not None:
            self._patiently(lambda: self._judge(pruner, epoch, value))

    def value(self, trainer: AnyTrainer) -> float:
        """What the trial came to: its metric at the epoch whose network it leaves.

        Raises
        ------
        JobError
            ``metric_undefined`` where it has none.
        """
        metric = self._config.metric
        value = trainer.state.progress.watch.best_value
        if value is None:  # nobody watched
            with self._database.read() as s:
                last = histories.latest(s, [self._job.id]).get(self._job.id, {})
            value = last.get(metric) if trainer.state.progress.watch.best_epoch is None else None
        if value is None:
            hint = "Choose another metric, or validation rows in which it is defined."
            raise JobError("metric_undefined", f"No epoch of the trial has a {metric}.", hint)
        return value

    def is_best(self, value: float) -> bool:
        """Whether no finished trial is better: only then the network is worth scoring."""
        assert self._job.trial is not None
        with self._database.read() as s:
            search = jobs.get_job(s, self._job.project_id, self._search_id)
        return candidates.is_better(search, self._job.trial, value)

    def _value_after(self, report: EpochReport, trainer: AnyTrainer) -> float | None:
        watch = trainer.state.progress.watch
        if watch.best_epoch is not None:
            return watch.best_value
        value: float | None = getattr(report, self._config.metric)
        return value

    def _judge(self, pruner: PrunerConfig, epoch: int, value: float) -> None:
        with self._database.read() as s:
            if trial_values.has_passed(s, self._job.id, epoch):
                return
            others = trial_values.finished_by(s, self._search_id, epoch)
        if is_pruned(self._config, pruner, others, epoch, value):
            detail = (
                f"After epoch {epoch} its {self._config.metric} was {value:.6g} at best, "
                f"worse than the {pruner.name} of the {len(others)} trials that had finished."
            )
            raise Pruned(value, {"code": searches.PRUNED, "detail": detail, "hint": None})
        with self._database.write() as s:
            trial_values.record(s, self._fence, self._job.project_id, epoch, value)


def is_pruned(config: SearchConfig, pruner: PrunerConfig, others: list[float], epoch: int, value: float) -> bool:
    """Whether Optuna's pruner ends a trial that came to `value` by an epoch.

    Parameters
    ----------
    others : list of float
        What the finished trials had come to by the same epoch.
    """
    library = optuna()
    trials, states = library.trial, library.trial.TrialState
    direction = "minimize" if config.lower_is_better else "maximize"
    judge = library.pruners.PercentilePruner(pruner.percentile, n_startup_trials=pruner.startup_trials)
    study = library.create_study(direction=direction, pruner=judge)
    for other in others:
        study.add_trial(trials.create_trial(state=states.COMPLETE, value=other, intermediate_values={epoch: other}))
    own = trials.create_trial(state=states.RUNNING, intermediate_values={epoch: value})
    return bool(judge.prune(study, own))


def trial_of(database: Database, fence: Fence, job: JobRow, patiently: Patiently) -> Trial | None:
    """The job as a trial; None where no search asked for it."""
    if job.search_id is None:
        return None
    with database.read() as s:
        search = jobs.get_job(s, job.project_id, job.search_id)
    return Trial(database, fence, job, search, patiently)
