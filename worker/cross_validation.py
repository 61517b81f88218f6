"""The folds of a job: each trained and scored like the job itself, before it."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any, TypeAlias

from core.metrics import SCORE_OF, evaluate
from core.training import TrainingState
from worker.datasets import DatasetFile
from worker.job_config import JobConfig
from worker.matrices import MatrixRoom
from worker.starting_point import StartingPoint
from worker.trainer import train, trainer_of
from worker.training_data import encode
from worker.training_plan import plan_fold

OnBatch: TypeAlias = Callable[[TrainingState], None]
Look: TypeAlias = Callable[[], None]


def cross_validate(
    file: DatasetFile,
    config: JobConfig,
    start: StartingPoint | None,
    done: dict[str, Any] | None,
    room: MatrixRoom,
    *,
    on_batch: OnBatch,
    look: Look,
    save: Callable[[dict[str, Any]], None],
) -> None:
    """Train and score the folds that are not done yet, saving the outcome after each.

    The test rows of the job are in no fold. A fold that was interrupted begins anew.

    Parameters
    ----------
    done : dict or None
        The outcome of the attempts before.
    on_batch, look : callable
        Called after every batch, and between the steps; they may raise.
    save : callable
        Takes the outcome so far: ``{folds, score, mean, std, items}``, one item for each fold that is done.
    """
    items = list(done["items"]) if done is not None else []
    for fold in range(len(items), config.folds):
        items.append(_score_fold(file, config, fold, start, room, on_batch, look))
        save(_outcome(config, items))


def _score_fold(
    file: DatasetFile,
    config: JobConfig,
    fold: int,
    start: StartingPoint | None,
    room: MatrixRoom,
    on_batch: OnBatch,
    look: Look,
) -> dict[str, Any]:
    """A function, so that a fold's matrices are gone before the next one's are made."""
    data = encode(plan_fold(file, config, fold, start, look=look), file, config, room, look=look)
    trainer = trainer_of(config, data, start)
    train(trainer, on_batch, lambda _report: None)
    training = config.training
    metrics = evaluate(
        training.task,
        trainer.best_network().predict(data.test.X),
        data.test.Y,
        data.target_encoding,
        train_targets=data.train.Y,
        seed=training.seed,
    )
    scalars = {name: value for name, value in metrics.items() if value is None or isinstance(value, int | float)}
    return {"fold": fold + 1, "best_epoch": trainer.best_epoch, **scalars}


def _outcome(config: JobConfig, items: list[dict[str, Any]]) -> dict[str, Any]:
    """The items with the mean of their score and its standard deviation over the folds (null for fewer than two)."""
    score = SCORE_OF[config.training.task]
    scores = [item[score] for item in items if item[score] is not None]
    return {
        "folds": config.folds,
        "score": score,
        "mean": statistics.fmean(scores) if scores else None,
        "std": statistics.stdev(scores) if len(scores) > 1 else None,
        "items": items,
    }
