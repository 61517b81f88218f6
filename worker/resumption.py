"""Where a training goes on: the trainer of a job that has a checkpoint, or that begins."""

from __future__ import annotations

import logging

from core.errors import UnreadableState
from store.checkpoints import load_checkpoint
from store.database import Database
from store.errors import Corrupt
from store.tables import JobRow
from worker.checkpointing import decode
from worker.job_config import JobConfig
from worker.starting_point import StartingPoint
from worker.trainer import AnyTrainer, trainer_of
from worker.training_data import TrainingData

logger = logging.getLogger(__name__)


def resumed_trainer(
    database: Database,
    job: JobRow,
    config: JobConfig,
    data: TrainingData,
    start: StartingPoint | None,
    threads: int,
) -> AnyTrainer:
    """A trainer of so many threads that goes on from the job's checkpoint, where this code can read one."""
    try:
        with database.read() as s:
            checkpoint = load_checkpoint(s, job)
        state = None if checkpoint is None else decode(checkpoint)
        resumed = trainer_of(config, data, start, state, threads=threads)
    except (Corrupt, UnreadableState) as error:
        # The same seed leads to the same epochs again: only time is lost.
        logger.warning("Job %s begins anew, its checkpoint is of no use: %s", job.id, error)
        return trainer_of(config, data, start, threads=threads)
    if checkpoint is not None:
        logger.info("Job %s goes on in epoch %d", job.id, resumed.state.epoch)
    return resumed
