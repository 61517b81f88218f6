"""A network's outputs as what was asked for: shares of classes, labels, values; and their columns in a table."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from core.arrays import Float64Array, FloatArray
from core.targets import TargetEncoding, class_key

LIKELY = 0.5  # a label of a multilabel target holds from this probability on

ColumnType: TypeAlias = Literal["number", "integer", "boolean", "category"]
_DTYPES: dict[ColumnType, npt.DTypeLike] = {
    "number": np.float64,
    "integer": np.int64,
    "boolean": np.bool_,
    "category": np.object_,
}


def shares_of(target: TargetEncoding, outputs: FloatArray) -> Float64Array:
    """The probabilities that outputs (n, n_outputs) say, in float64; of classes each row sums to one."""
    shares = outputs.astype(np.float64)
    if target.task != "multilabel":
        # float32's shares sum to one within 1e-6 only for few classes; the sum of doubles does for any number.
        shares /= shares.sum(axis=1, keepdims=True)
    return shares


@dataclass(frozen=True)
class OutcomeColumn:
    """A column of what is predicted.

    Attributes
    ----------
    name : str
        ``prediction``, or ``prediction.a`` and ``probability.a``.
    type : {"number", "integer", "boolean", "category"}
    """

    name: str
    type: ColumnType


def outcome_columns(target: TargetEncoding, *, several_targets: bool) -> list[OutcomeColumn]:
    """The columns that predictions of a table have.

    Parameters
    ----------
    several_targets : bool
        Whether the target was asked for as a list: then each has a ``prediction.<target>``.
    """
    if target.task == "regression":
        if several_targets:
            return [OutcomeColumn(f"prediction.{name}", "number") for name in target.names]
        return [OutcomeColumn("prediction", "number")]
    keys = [class_key(value) for value in target.classes]
    probabilities = [OutcomeColumn(f"probability.{key}", "number") for key in keys]
    if target.task == "multilabel":
        return [*(OutcomeColumn(f"prediction.{key}", "boolean") for key in keys), *probabilities]
    return [OutcomeColumn("prediction", label_type(target)), *probabilities]


def outcome_values(target: TargetEncoding, outputs: FloatArray) -> list[npt.NDArray[np.generic]]:
    """The values of the columns of `outcome_columns`, in their order; texts as objects."""
    if target.task == "regression":
        return list(target.inverse(outputs).T)
    shares = shares_of(target, outputs)
    if target.task == "multilabel":
        return [*(shares >= LIKELY).T, *shares.T]
    kind = label_type(target)
    classes = [class_key(value) for value in target.classes] if kind == "category" else target.classes
    labels: npt.NDArray[np.generic] = np.array(classes, dtype=_DTYPES[kind])
    return [labels[shares.argmax(axis=1)], *shares.T]


def label_type(target: TargetEncoding) -> ColumnType:
    """The type of a column of a classification's labels: that of its classes, category where they differ in type."""
    types = {type(value) for value in target.classes}
    if types == {bool}:
        return "boolean"
    if types == {int} and all(abs(int(value)) < 2**63 for value in target.classes):
        return "integer"
    return "number" if types <= {int, float} else "category"
