"""A dataset's columns as the matrices of a training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.encoding import Encoding
from core.example_weights import class_weights, example_weights, sample_weights
from core.folds import fold_rows
from core.splits import Split, split_rows
from core.table import Column, NumberColumn, Table
from core.targets import ClassValue, TargetEncoding
from worker.errors import JobError
from worker.job_config import JobConfig
from worker.starting_point import StartingPoint

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
    table: Table,
    columns: list[dict[str, Any]],
    job: JobConfig,
    start: StartingPoint | None = None,
    *,
    look: Callable[[], None] = lambda: None,
) -> TrainingData:
    """Split a table's rows and encode them, by encodings that are fitted on the training rows alone.

    Rows without a target are left out, with a warning that says how many. A training that begins with a version takes
    that version's encodings.

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
    classes = _classes(table, columns, job, start)
    split = _split(table, job, classes)
    look()
    return _encoded(table, job, split, start, classes, warnings, look)


def fold_data(
    table: Table,
    columns: list[dict[str, Any]],
    job: JobConfig,
    fold: int,
    start: StartingPoint | None = None,
    *,
    look: Callable[[], None] = lambda: None,
) -> TrainingData:
    """The same of one fold, from 0: its held-out rows are the test part, and the job's test rows are in no part."""
    table, _ = _with_targets(table, job.targets)
    classes = _classes(table, columns, job, start)
    whole, training = _split(table, job, classes), job.training
    strata = _strata(table, job, classes)
    rows = np.sort(np.concatenate([whole.train, whole.validation]))
    of_rows = None if strata is None else strata[rows]
    held_out = rows[fold_rows(len(rows), job.folds, seed=training.seed, strata=of_rows)[fold]]
    rest = np.setdiff1d(rows, held_out)
    inner = split_rows(
        len(rest),
        validation_fraction=training.validation_fraction,
        test_fraction=0.0,
        seed=training.seed,
        strata=None if strata is None else strata[rest],
    )
    look()
    split = Split(rest[inner.train], rest[inner.validation], held_out)
    return _encoded(table, job, split, start, classes, [], look)


def _encoded(
    table: Table,
    job: JobConfig,
    split: Split,
    start: StartingPoint | None,
    classes: TargetEncoding | None,
    warnings: list[dict[str, Any]],
    look: Callable[[], None],
) -> TrainingData:
    """The parts of a split; `classes` is the target's encoding where it does not depend on the split."""
    training = job.training
    targets = {name: table[name] for name in job.targets}
    target_encoding = classes or TargetEncoding.fit(
        _take(targets, job.targets, split.train), job.targets, training.task
    )
    encoding = (
        Encoding.fit(_take(table, job.features, split.train), job.features, clip=training.clip)
        if start is None
        else start.encoding
    )
    noticed = (*encoding.warnings, *target_encoding.warnings) if start is None else ()
    warnings = warnings + [{"code": each.code, "column": each.feature, "detail": each.detail} for each in noticed]
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


def _classes(
    table: Table, columns: list[dict[str, Any]], job: JobConfig, start: StartingPoint | None
) -> TargetEncoding | None:
    """The target's encoding where it is known before the split: the version's, or the classes that decide it."""
    if start is not None:
        return start.target_encoding
    if job.training.task != "classification":
        return None
    values = _class_values(table[job.targets[0]], columns, job.targets[0])
    return TargetEncoding.fit({name: table[name] for name in job.targets}, job.targets, job.training.task, values)


def _strata(table: Table, job: JobConfig, classes: TargetEncoding | None) -> npt.NDArray[np.integer] | None:
    """Each row's class; None for a task without classes."""
    if classes is None or job.training.task != "classification":
        return None
    strata: npt.NDArray[np.integer] = classes.transform({name: table[name] for name in job.targets}).argmax(axis=1)
    return strata


def _split(table: Table, job: JobConfig, classes: TargetEncoding | None) -> Split:
    training = job.training
    return split_rows(
        len(table[job.targets[0]]),
        validation_fraction=training.validation_fraction,
        test_fraction=training.test_fraction,
        seed=training.seed,
        strata=_strata(table, job, classes),
    )


def _class_values(column: Column, columns: list[dict[str, Any]], name: str) -> list[ClassValue] | None:
    """Booleans for a boolean column, which holds 0 and 1; None for the values as they are."""
    boolean = any(each["name"] == name and each["type"] == "boolean" for each in columns)
    if not boolean or not isinstance(column, NumberColumn):
        return None
    return [bool(value) for value in np.unique(column.values)]


def _take(table: Table, names: tuple[str, ...], rows: npt.NDArray[np.int64]) -> Table:
    return {name: table[name].take(rows) for name in names}
