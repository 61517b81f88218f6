"""Which rows of a dataset train, validate and test, and the encodings that the training rows decide."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.column_profile import ColumnProfile
from core.encoding import Encoding
from core.folds import fold_rows
from core.splits import Split, split_rows
from core.table import Column, NumberColumn, Table
from core.targets import ClassValue, TargetEncoding
from worker.datasets import DatasetFile
from worker.errors import JobError
from worker.job_config import JobConfig
from worker.starting_point import StartingPoint
from worker.training_profile import MOST_FEATURES, feature_profile

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TrainingPlan:
    """All that there is to know of a training's rows before its matrices are made.

    Attributes
    ----------
    labels : Table
        The targets and the sample weights of the rows that have a target.
    kept : ndarray of shape (len(labels),)
        Which rows of the file those are, in order.
    split : Split
        Of the rows of `labels`.
    profiles : tuple of ColumnProfile
        Of the features' training rows, for the version; of a fold none.
    """

    labels: Table
    kept: Rows
    split: Split
    encoding: Encoding
    target_encoding: TargetEncoding
    warnings: list[dict[str, Any]]
    profiles: tuple[ColumnProfile, ...] = ()

    @property
    def parts(self) -> tuple[Rows, Rows, Rows]:
        """The rows of `labels` that train, validate and test."""
        return self.split.train, self.split.validation, self.split.test

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the input matrices of all parts."""
        return sum(map(len, self.parts)), self.encoding.n_inputs


def plan_training(
    file: DatasetFile,
    job: JobConfig,
    start: StartingPoint | None = None,
    *,
    look: Callable[[], None] = lambda: None,
) -> TrainingPlan:
    """Split a dataset's rows, and fit the encodings on the training rows alone.

    Rows without a target are left out, with a warning that says how many. A training that begins with a version takes
    that version's encodings.

    Parameters
    ----------
    look : callable
        Called between the steps; it may raise.

    Raises
    ------
    NotEnoughRows, OneClass, EncodingError
    JobError
        ``not_enough_rows`` where too few rows have a target; or what reading the file raises.
    """
    labels, kept, warnings = _with_targets(file, job)
    look()
    classes = _classes(labels, file.schema, job, start)
    split = _split(labels, job, classes)
    look()
    return _planned(file, job, start, classes, labels, kept, split, warnings)


def plan_fold(
    file: DatasetFile,
    job: JobConfig,
    fold: int,
    start: StartingPoint | None = None,
    *,
    look: Callable[[], None] = lambda: None,
) -> TrainingPlan:
    """The same of one fold, from 0: its held-out rows are the test part, and the job's test rows are in no part."""
    labels, kept, _ = _with_targets(file, job)
    classes = _classes(labels, file.schema, job, start)
    whole, training = _split(labels, job, classes), job.training
    strata = _strata(labels, job, classes)
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
    return _planned(file, job, start, classes, labels, kept, split, [], profiled=False)


def taken(table: Table, names: Sequence[str], rows: Rows) -> Table:
    """These columns of these rows."""
    return {name: table[name].take(rows) for name in names}


def _planned(
    file: DatasetFile,
    job: JobConfig,
    start: StartingPoint | None,
    classes: TargetEncoding | None,
    labels: Table,
    kept: Rows,
    split: Split,
    warnings: list[dict[str, Any]],
    *,
    profiled: bool = True,
) -> TrainingPlan:
    """The plan of a split; `classes` is the target's encoding where it does not depend on the split."""
    training = job.training
    target_encoding = classes or TargetEncoding.fit(taken(labels, job.targets, split.train), job.targets, training.task)
    rows, profiles = kept[split.train], list[ColumnProfile]()

    def columns() -> Iterator[tuple[str, Column]]:
        for name, whole in file.one_by_one(job.features):
            column = whole.take(rows)
            if profiled and len(profiles) < MOST_FEATURES:
                profiles.append(feature_profile(name, column))
            yield name, column

    if start is not None:
        deque(columns() if profiled else (), maxlen=0)  # read for the profiles alone
        return TrainingPlan(labels, kept, split, start.encoding, target_encoding, warnings, tuple(profiles))
    encoding = Encoding.fit_one_by_one(columns(), clip=training.clip)
    warnings = warnings + [
        {"code": each.code, "column": each.feature, "detail": each.detail}
        for each in (*encoding.warnings, *target_encoding.warnings)
    ]
    return TrainingPlan(labels, kept, split, encoding, target_encoding, warnings, tuple(profiles))


def _with_targets(file: DatasetFile, job: JobConfig) -> tuple[Table, Rows, list[dict[str, Any]]]:
    """The labels of the rows that have every target, those rows, and a warning where there are others."""
    labels = file.columns(job.labels)
    missing = np.any([labels[name].missing for name in job.targets], axis=0)
    kept = np.flatnonzero(~missing)
    count = len(missing) - len(kept)
    if count == 0:
        return labels, kept, []
    if len(kept) == 0:
        raise JobError("not_enough_rows", f"No row has a value in {', '.join(map(repr, job.targets))}.")
    detail = f"{count} of {len(missing)} rows have no target and are left out."
    warning = {"code": "missing_target", "column": job.targets[0], "detail": detail}
    return taken(labels, job.labels, kept), kept, [warning]


def _classes(
    labels: Table, schema: list[dict[str, Any]], job: JobConfig, start: StartingPoint | None
) -> TargetEncoding | None:
    """The target's encoding where it is known before the split: the version's, or the classes that decide it."""
    if start is not None:
        return start.target_encoding
    if job.training.task != "classification":
        return None
    values = _class_values(labels[job.targets[0]], schema, job.targets[0])
    return TargetEncoding.fit({name: labels[name] for name in job.targets}, job.targets, job.training.task, values)


def _strata(labels: Table, job: JobConfig, classes: TargetEncoding | None) -> npt.NDArray[np.integer] | None:
    """Each row's class; None for a task without classes."""
    if classes is None or job.training.task != "classification":
        return None
    strata: npt.NDArray[np.integer] = classes.transform({name: labels[name] for name in job.targets}).argmax(axis=1)
    return strata


def _split(labels: Table, job: JobConfig, classes: TargetEncoding | None) -> Split:
    training = job.training
    return split_rows(
        len(labels[job.targets[0]]),
        validation_fraction=training.validation_fraction,
        test_fraction=training.test_fraction,
        seed=training.seed,
        strata=_strata(labels, job, classes),
    )


def _class_values(column: Column, schema: list[dict[str, Any]], name: str) -> list[ClassValue] | None:
    """Booleans for a boolean column, which holds 0 and 1; None for the values as they are."""
    boolean = any(each["name"] == name and each["type"] == "boolean" for each in schema)
    if not boolean or not isinstance(column, NumberColumn):
        return None
    return [bool(value) for value in np.unique(column.values)]
