"""A table's target columns as the matrix that a network learns, by an encoding that can be undone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from core.arrays import Float64Array, FloatArray, IndexArray
from core.configuration import TASKS, Task
from core.errors import EncodingError, OneClass, UnreadableState
from core.features import EncodingNotice, check_magnitude, mean_and_scale
from core.table import CategoryColumn, Column

ClassValue: TypeAlias = int | float | bool | str

FORMAT_VERSION = 1
SUM_TOLERANCE = 1e-4


@dataclass(frozen=True)
class TargetEncoding:
    """The encoding of a task's targets.

    Attributes
    ----------
    task : str
    names : tuple of str
        The target columns.
    classes : tuple
        Of classification: the class values in their JSON type, in the order of the outputs. Of multilabel and
        distribution: the names. Of regression: empty.
    mean, scale : tuple of float
        Of regression: one for each target, in its own units. Else empty.
    warnings : tuple of EncodingNotice
        Code `constant_target`. Not saved: a matter of the training.
    """

    task: Task
    names: tuple[str, ...]
    classes: tuple[ClassValue, ...] = ()
    mean: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    warnings: tuple[EncodingNotice, ...] = ()

    @classmethod
    def fit(
        cls,
        columns: Mapping[str, Column],
        target_names: Sequence[str],
        task: Task,
        class_values: Sequence[ClassValue] | None = None,
    ) -> "TargetEncoding":
        """Decide the encoding from the rows given: all usable rows for classes, the training rows for regression.

        Parameters
        ----------
        columns : mapping of str to Column
        target_names : sequence of str
        task : str
        class_values : sequence or None
            The classes in their JSON type, in order. None: the values that occur, in order.

        Raises
        ------
        OneClass
            When fewer than two classes occur.
        EncodingError
            For targets that do not fit the task, or are missing.
        """
        names = tuple(target_names)
        _check_names(names, task)
        if task == "classification":
            return cls(task, names, _classes(names[0], _column(columns, names[0]), class_values))
        fitted = [mean_and_scale(_numbers(columns, name, task)) for name in names]
        warnings = tuple(_constant(name) for name, (_, scale) in zip(names, fitted, strict=True) if scale == 0)
        if task == "regression":
            mean = tuple(mean for mean, _ in fitted)
            return cls(task, names, (), mean, tuple(scale or 1.0 for _, scale in fitted), warnings)
        return cls(task, names, names, warnings=warnings)

    @property
    def n_outputs(self) -> int:
        """Columns of the matrix."""
        return len(self.classes) or len(self.names)

    def transform(self, columns: Mapping[str, Column]) -> npt.NDArray[np.float32]:
        """The target matrix, of shape (n, n_outputs).

        One-hot rows (classification), zeros and ones (multilabel), rows that sum to one (distribution), or
        standardised values (regression).

        Raises
        ------
        EncodingError
            For a missing target, an unknown class, or a value that the task does not know; names column and row.
        """
        if self.task == "classification":
            classes = _class_indices(self.names[0], _column(columns, self.names[0]), self.classes)
            Y = np.zeros((len(classes), self.n_outputs), dtype=np.float32)
            Y[np.arange(len(classes)), classes] = 1.0
            return Y
        values = np.stack([_numbers(columns, name, self.task) for name in self.names], axis=1)
        if self.task == "regression":
            values = (values - np.array(self.mean)) / np.array(self.scale)
            values = np.clip(values, np.finfo(np.float32).min, np.finfo(np.float32).max)
        if self.task == "distribution":
            _check_sums(values)
        return values.astype(np.float32)

    def inverse(self, outputs: FloatArray) -> Float64Array:
        """A network's outputs (n, n_outputs) in the target's own units; probabilities stay as they are."""
        values = np.asarray(outputs, dtype=np.float64)
        if self.task == "regression":
            values = values * np.array(self.scale) + np.array(self.mean)
        return values

    def to_dict(self) -> dict[str, Any]:
        """A dict that JSON can hold, every float exactly."""
        return {
            "format_version": FORMAT_VERSION,
            "task": self.task,
            "names": list(self.names),
            "classes": list(self.classes),
            "mean": list(self.mean),
            "scale": list(self.scale),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "TargetEncoding":
        """The encoding that `to_dict` wrote.

        Raises
        ------
        UnreadableState
            When it is of another format.
        """
        if data.get("format_version") != FORMAT_VERSION or data.get("task") not in TASKS:
            raise UnreadableState("the target encoding has a format that this code does not read")
        sequences = (tuple(data[key]) for key in ("names", "classes", "mean", "scale"))
        return cls(cast(Task, data["task"]), *sequences)


def class_key(value: ClassValue) -> str:
    """A class value's JSON text: what it is called as a key."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _check_names(names: Sequence[str], task: Task) -> None:
    least, most = {"classification": (1, 1), "distribution": (2, None)}.get(task, (1, None))
    if len(names) < least or (most is not None and len(names) > most):
        wanted = "exactly one target" if most == 1 else f"at least {least} target{'s' if least > 1 else ''}"
        raise EncodingError(f"{task} takes {wanted}, not {len(names)}")


def _column(columns: Mapping[str, Column], name: str) -> Column:
    if name not in columns:
        raise EncodingError(f"the table has no column {name!r}", name)
    column = columns[name]
    if column.missing.any():
        row = int(np.argmax(column.missing))
        raise EncodingError(f"the target {name!r} is missing in row {row}", name, row)
    return column


def _numbers(columns: Mapping[str, Column], name: str, task: Task) -> Float64Array:
    """A numeric target's values, once they are known to fit the task."""
    column = _column(columns, name)
    if isinstance(column, CategoryColumn):
        raise EncodingError(f"the target {name!r} holds categories; {task} takes numbers", name)
    values = column.values
    check_magnitude(name, values)
    bad = np.zeros(len(values), dtype=bool)
    if task == "multilabel":
        bad, wanted = (values != 0) & (values != 1), "0 or 1"
    if task == "distribution":
        bad, wanted = (values < 0) | (values > 1 + SUM_TOLERANCE), "from 0 to 1"
    if bad.any():
        row = int(np.argmax(bad))
        raise EncodingError(f"the {task} target {name!r} is {values[row]:g} in row {row}, not {wanted}", name, row)
    return values


def _check_sums(values: Float64Array) -> None:
    sums = values.sum(axis=1)
    wrong = np.abs(sums - 1) > SUM_TOLERANCE
    if wrong.any():
        row = int(np.argmax(wrong))
        raise EncodingError(f"the targets of row {row} sum to {sums[row]:g}, not to 1", None, row)


def _constant(name: str) -> EncodingNotice:
    return EncodingNotice(None, name, "constant_target", f"the target {name!r} has one value only in these rows")


def _classes(name: str, column: Column, given: Sequence[ClassValue] | None) -> tuple[ClassValue, ...]:
    """The classes of a target; those given, or those that occur."""
    classes = tuple(given) if given is not None else _occurring(column)
    occurring = np.unique(_class_indices(name, column, classes))
    if len(occurring) < 2:
        raise OneClass(
            f"the target {name!r} has {len(occurring)} class{'' if len(occurring) == 1 else 'es'}; two are needed",
            "choose another target, or add rows of another class",
        )
    return classes


def _occurring(column: Column) -> tuple[ClassValue, ...]:
    if isinstance(column, CategoryColumn):
        return tuple(column.categories[code] for code in np.unique(column.codes))
    return tuple(int(value) if value.is_integer() else value for value in np.unique(column.values).tolist())


def _class_indices(name: str, column: Column, classes: Sequence[ClassValue]) -> IndexArray:
    """The class of each row, of shape (n,)."""
    if isinstance(column, CategoryColumn):
        index_of = {value: index for index, value in enumerate(classes) if isinstance(value, str)}
        shown: Sequence[ClassValue] = column.categories
        positions = column.codes.astype(np.int64)
        found = np.array([index_of.get(category, -1) for category in column.categories], dtype=np.int64)
    else:
        number_of = {float(value): index for index, value in enumerate(classes) if not isinstance(value, str)}
        distinct, positions = np.unique(column.values, return_inverse=True)
        shown = distinct.tolist()
        found = np.array([number_of.get(float(value), -1) for value in distinct], dtype=np.int64)
    indices: IndexArray = found[positions]
    if (indices < 0).any():
        row = int(np.argmax(indices < 0))
        unknown = shown[positions[row]]
        raise EncodingError(f"the target {name!r} has the unknown class {unknown!r} in row {row}", name, row)
    return indices
