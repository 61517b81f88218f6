"""The trainer of a job: core's, given what the job asks for and what the table holds."""

from __future__ import annotations

import time

from core.training import Trainer, TrainingState
from worker.job_config import JobConfig
from worker.training_data import TrainingData


def trainer_of(config: JobConfig, data: TrainingData, state: TrainingState | None = None) -> Trainer:
    """A trainer that begins, or goes on from the state.

    Raises
    ------
    UnreadableState
        When the state is of another network or optimizer.
    """
    return Trainer(
        config.training,
        data.train.X,
        data.train.Y,
        data.validation.X,
        data.validation.Y,
        data.target_encoding,
        weights=data.train.weights,
        weights_val=data.validation.weights,
        state=state,
        clock=time.perf_counter,
    )
