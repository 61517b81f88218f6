"""The trainer of a job: core's, given what the job asks for and what the table holds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeAlias

from core.full_batch import FullBatchTrainer
from core.optimizer_config import LBFGS
from core.reports import EpochReport
from core.training import Trainer, TrainingState
from worker.job_config import JobConfig
from worker.training_data import TrainingData

AnyTrainer: TypeAlias = Trainer | FullBatchTrainer


def resumes(config: JobConfig) -> bool:
    """Whether the job's training can go on from a checkpoint; else an interrupted one begins anew."""
    return config.training.optimizer.name != LBFGS


def trainer_of(config: JobConfig, data: TrainingData, state: TrainingState | None = None) -> AnyTrainer:
    """A trainer that begins, or goes on from the state.

    Raises
    ------
    UnreadableState
        When the state is of another network or optimizer.
    """
    rows = (data.train.X, data.train.Y, data.validation.X, data.validation.Y)
    weights: dict[str, Any] = {"weights": data.train.weights, "weights_val": data.validation.weights}
    if not resumes(config):
        return FullBatchTrainer(config.training, *rows, data.target_encoding, **weights, clock=time.perf_counter)
    return Trainer(config.training, *rows, data.target_encoding, **weights, state=state, clock=time.perf_counter)


def train(
    trainer: AnyTrainer, on_batch: Callable[[TrainingState], None], on_report: Callable[[EpochReport], None]
) -> None:
    """Train to the end, reporting each epoch."""
    if isinstance(trainer, FullBatchTrainer):
        trainer.run(on_batch, on_report)
        return
    for report in trainer.run(on_batch):
        on_report(report)
