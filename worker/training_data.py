"""A dataset's columns as the matrices of a training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.configuration import TrainingConfig
from core.encoding import Encoding
from core.example_weights import class_weights, example_weights, sample_weights
from core.splits import Split, split_rows
from core.table import Column, NumberColumn, Table
from core.targets import ClassValue, TargetEncoding
from worker.errors import JobError
from worker.job_config import JobConfig

Matrix = npt.NDArray[np.float32]


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
    """The three parts of a table, and the encodings that made them."""

    train: Part
    validation: Part
    test: Part
    encoding: Encoding
    target_encoding: TargetEncoding
    warnings: list[dict[str, Any]]


def prepare(
    table: Table, columns: list[dict[str, Any]], job: JobConfig, *, look: Callable[[], None] = lambda: None
) -> TrainingData:
    """Split a table's rows and encode them, by encodings that are fitted on the training rows alone.

    Rows without a target are left out, with a warning that says how many.

    Parameters
    ----------
    table : Table
        The features, the targets and the sample weights.
    columns : list of dict
        The dataset's column objects; a boolean target's classes are booleans by their ``type``.
    look : callable
        Called between the steps; it may raise.

    Raises
    ------
    NotEnoughRows, OneClass, EncodingError
    JobError
        ``not_enough_rows`` where too few rows have a target.
    """
    table, warnings = _with_targets(table, job.targets)
    look()
    training = job.training
    targets = {name: table[name] for name in job.targets}
    split, target_encoding = _split(targets, columns, job.targets, training)
    look()
    train_table = _take(table, job.features, split.train)
    encoding = Encoding.fit(train_table, job.features, clip=training.clip)
    warnings += [
        {"code": notice.code, "column": notice.feature, "detail": notice.detail}
        for notice in (*encoding.warnings, *target_encoding.warnings)
    ]
    look()

    weights = sample_weights(job.sample_weight, table[job.sample_weight]) if job.sample_weight is not None else None
    of_classes = class_weights(
        training.class_weights, target_encoding.transform(_take(targets, job.targets, split.train)), target_encoding
    )

    def part(rows: npt.NDArray[np.int64]) -> Part:
        X, _ = encoding.transform(_take(table, job.features, rows), max_notices=0)
        look()
        Y = target_encoding.transform(_take(targets, job.targets, rows))
        return Part(X, Y, example_weights(Y, of_classes, None if weights is None else weights[rows]))

    return TrainingData(
        part(split.train), part(split.validation), part(split.test), encoding, target_encoding, warnings
    )


def _with_targets(table: Table, targets: tuple[str, ...]) -> tuple[Table, list[dict[str, Any]]]:
    missing = np.any([table[name].missing for name in targets], axis=0)
    count = int(missing.sum())
    if count == 0:
        return table, []
    if count == len(missing):
        raise JobError("not_enough_rows", f"No row has a value in {', '.join(map(repr, targets))}.")
    kept = np.flatnonzero(~missing)
    detail = f"{count} of {len(missing)} rows have no target and are left out."
    warning = {"code": "missing_target", "column": targets[0], "detail": detail}
    return {name: column.take(kept) for name, column in table.items()}, [warning]


def _split(
    targets: Mapping[str, Column], columns: list[dict[str, Any]], names: tuple[str, ...], training: TrainingConfig
) -> tuple[Split, TargetEncoding]:
    n_rows = len(targets[names[0]])

    def split(strata: npt.NDArray[np.integer] | None) -> Split:
        return split_rows(
            n_rows,
            validation_fraction=training.validation_fraction,
            test_fraction=training.test_fraction,
            seed=training.seed,
            strata=strata,
        )

    if training.task == "classification":
        # Which classes there are is known before the split, and decides it.
        encoding = TargetEncoding.fit(
            targets, names, training.task, _class_values(targets[names[0]], columns, names[0])
        )
        return split(encoding.transform(targets).argmax(axis=1)), encoding
    parts = split(None)
    return parts, TargetEncoding.fit(_take(targets, names, parts.train), names, training.task)


def _class_values(column: Column, columns: list[dict[str, Any]], name: str) -> list[ClassValue] | None:
    """Booleans for a boolean column, which holds 0 and 1; None for the values as they are."""
    boolean = any(each["name"] == name and each["type"] == "boolean" for each in columns)
    if not boolean or not isinstance(column, NumberColumn):
        return None
    return [bool(value) for value in np.unique(column.values)]


def _take(table: Table, names: tuple[str, ...], rows: npt.NDArray[np.int64]) -> Table:
    return {name: table[name].take(rows) for name in names}
