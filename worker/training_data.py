"""A dataset's columns as the matrices of a training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.column_profile import ColumnProfile
from core.encoding import Encoding
from core.example_weights import class_weights, example_weights, sample_weights
from core.targets import TargetEncoding
from worker.datasets import DatasetFile
from worker.job_config import JobConfig
from worker.matrices import Matrix, MatrixRoom
from worker.read_ahead import ReadAhead
from worker.training_plan import TrainingPlan, taken


@dataclass(frozen=True, eq=False)
class Part:
    """Rows of one part of the split: inputs (n, n_inputs), targets (n, n_outputs), weights (n,) or None."""

    X: Matrix
    Y: Matrix
    weights: Matrix | None

    def __len__(self) -> int:
        return len(self.X)


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The three parts of a table, and the encodings that made them.

    Attributes
    ----------
    order : ReadAhead or None
        In which order an epoch takes the training rows; None for any.
    profiles : tuple of ColumnProfile
        Of the features' training rows.
    """

    train: Part
    validation: Part
    test: Part
    encoding: Encoding
    target_encoding: TargetEncoding
    warnings: list[dict[str, Any]]
    order: ReadAhead | None = None
    profiles: tuple[ColumnProfile, ...] = ()


def encode(
    plan: TrainingPlan,
    file: DatasetFile,
    job: JobConfig,
    room: MatrixRoom,
    *,
    look: Callable[[], None] = lambda: None,
) -> TrainingData:
    """The matrices of a plan, written some rows of the file at a time, so that nothing else of that size is in memory.

    Parameters
    ----------
    look : callable
        Called between the steps; it may raise.

    Raises
    ------
    EncodingError
    JobError
        ``out_of_disk``, or what reading the file raises.
    """
    labels, targets = plan.labels, plan.target_encoding
    weights = sample_weights(job.sample_weight, labels[job.sample_weight]) if job.sample_weight is not None else None
    Y = [targets.transform(taken(labels, job.targets, rows)) for rows in plan.parts]
    of_classes = class_weights(job.training.class_weights, Y[0], targets)
    of_rows = [
        example_weights(part, of_classes, None if weights is None else weights[rows])
        for part, rows in zip(Y, plan.parts, strict=True)
    ]
    look()
    X = room.matrices([len(part) for part in plan.parts], plan.encoding.n_inputs, look)
    _write_inputs(X, plan, file, job)
    train, validation, test = (Part(*matrices) for matrices in zip(X, Y, of_rows, strict=True))
    blocked = room.order(*plan.shape)
    order = None if blocked is None else ReadAhead(train.X, blocked)
    return TrainingData(train, validation, test, plan.encoding, targets, plan.warnings, order, plan.profiles)


def _write_inputs(X: list[Matrix], plan: TrainingPlan, file: DatasetFile, job: JobConfig) -> None:
    in_file = [plan.kept[rows] for rows in plan.parts]  # sorted, so that a block's rows of a part are neighbours in it
    for first, block in file.blocks(job.features):
        encoded, _ = plan.encoding.transform(block, max_notices=0)
        last = first + len(encoded)
        for matrix, rows in zip(X, in_file, strict=True):
            low, high = np.searchsorted(rows, [first, last])
            if low < high:
                np.take(encoded, rows[low:high] - first, axis=0, out=matrix[low:high], mode="clip")
