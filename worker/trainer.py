"""The trainer of a job: core's, given what the job asks for and what the table holds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeAlias

from core.batches import epoch_order
from core.full_batch import FullBatchTrainer
from core.optimizer_config import LBFGS
from core.reports import EpochReport
from core.training import Trainer, TrainingState
from worker.job_config import JobConfig
from worker.starting_point import StartingPoint
from worker.training_data import TrainingData

AnyTrainer: TypeAlias = Trainer | FullBatchTrainer


def resumes(config: JobConfig) -> bool:
    """Whether the job's training can go on from a checkpoint; else an interrupted one begins anew."""
    return config.training.optimizer.name != LBFGS


def trainer_of(
    config: JobConfig, data: TrainingData, start: StartingPoint | None, state: TrainingState | None = None
) -> AnyTrainer:
    """A trainer that begins at the start, or at random, or goes on from the state.

    Raises
    ------
    UnreadableState
        When the state is of another network or optimizer.
    """
    rows = (data.train.X, data.train.Y, data.validation.X, data.validation.Y)
    more: dict[str, Any] = {"weights": data.train.weights, "weights_val": data.validation.weights}
    more["initial"] = None if start is None else start.network.parameters
    if not resumes(config):
        return FullBatchTrainer(config.training, *rows, data.target_encoding, **more, clock=time.perf_counter)
    order = epoch_order if data.order is None else data.order
    return Trainer(
        config.training, *rows, data.target_encoding, **more, state=state, order=order, clock=time.perf_counter
    )


def train(
    trainer: AnyTrainer, on_batch: Callable[[TrainingState], None], on_report: Callable[[EpochReport], None]
) -> None:
    """Train to the end, reporting each epoch."""
    if isinstance(trainer, FullBatchTrainer):
        trainer.run(on_batch, on_report)
        return
    for report in trainer.run(on_batch):
        on_report(report)


def ended_by_the_clock(trainer: AnyTrainer, warnings: list[dict[str, Any]]) -> dict[str, Any]:
    """What the job says of a training that its limit on seconds has ended: another run may end elsewhere."""
    if not trainer.state.progress.out_of_time:
        return {}
    detail = f"The limit on seconds ended the training in epoch {trainer.state.epoch - 1}."
    return {"warnings": [*warnings, {"code": "out_of_time", "column": None, "detail": detail}], "bit_identical": False}
