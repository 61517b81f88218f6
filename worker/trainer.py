"""The trainer of a job: core's, given what the job asks for and what the table holds."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, TypeAlias

from core.errors import UnreadableState
from core.full_batch import FullBatchTrainer
from core.optimizer_config import LBFGS
from core.reports import EpochReport
from core.training import Trainer, TrainingState
from store.checkpoints import load_checkpoint
from store.database import Database
from store.errors import Corrupt
from store.tables import JobRow
from worker.checkpointing import decode
from worker.job_config import JobConfig
from worker.starting_point import StartingPoint
from worker.training_data import TrainingData

logger = logging.getLogger(__name__)

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
    return Trainer(config.training, *rows, data.target_encoding, **more, state=state, clock=time.perf_counter)


def resumed_trainer(
    database: Database, job: JobRow, config: JobConfig, data: TrainingData, start: StartingPoint | None
) -> AnyTrainer:
    """A trainer that goes on from the job's checkpoint, where there is one that this code can read."""
    try:
        with database.read() as s:
            checkpoint = load_checkpoint(s, job)
        resumed = trainer_of(config, data, start, decode(checkpoint) if checkpoint is not None else None)
    except (Corrupt, UnreadableState) as error:
        # The same seed leads to the same epochs again: only time is lost.
        logger.warning("Job %s begins anew, its checkpoint is of no use: %s", job.id, error)
        return trainer_of(config, data, start)
    if checkpoint is not None:
        logger.info("Job %s goes on in epoch %d", job.id, resumed.state.epoch)
    return resumed


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
