"""The tensors of a request as the input matrix of the version that answers.

The numeric features can come as one tensor of all of them, `input`, in their order; each other feature comes as a
tensor of its own name. What training's dataset had besides, the target among it, is passed over, as in POST /predict.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from core.encoding import EncodingNotice
from core.features import MAX_NUMBER
from core.table import Column, NumberColumn, Table
from service.feature_values import read_column
from service.inference.request import malformed
from service.inference.tensors import Array, Tensor
from service.loaded_version import Feature, LoadedVersion
from service.problems import shown
from service.validation import nearest

MOST_NOTICES = 100
_MOST_NAMED = 20


def numeric_features(version: LoadedVersion) -> list[Feature]:
    """The features that are numbers, integers or booleans, in the version's order."""
    return [feature for feature in version.features if feature.type != "category"]


def matrix_name(version: LoadedVersion) -> str:
    """What the tensor of all numeric features is called: `input`, or with so many `_` that no column is called so."""
    name = "input"
    while name in version.places or name in version.passed_over:
        name += "_"
    return name


def encode(
    version: LoadedVersion, tensors: Mapping[str, Tensor]
) -> tuple[npt.NDArray[np.float32], list[EncodingNotice]]:
    """The input matrix, and what the reader of the answer should know of it.

    Raises
    ------
    Problem
        400, naming the tensors in the way.
    """
    values = _matrix(version, tensors)
    if values is not None and values.shape[1] == len(version.features) and not np.isnan(values).any():
        return version.encoding.transform_matrix(values), []
    return version.encoding.transform(_columns(version, tensors, values), max_notices=MOST_NOTICES)


def table(version: LoadedVersion, tensors: Mapping[str, Tensor]) -> Table:
    """The tensors that `encode` took, as the columns of the features."""
    return _columns(version, tensors, _matrix(version, tensors))


def _matrix(version: LoadedVersion, tensors: Mapping[str, Tensor]) -> npt.NDArray[np.float64] | None:
    """The tensor of all numeric features, if there is one, once names and rows of all are known to be right."""
    numeric, matrix = numeric_features(version), matrix_name(version)
    whole = tensors.get(matrix)
    _check_names(version, tensors, matrix, [] if whole is None else numeric)
    rows = {tensor.shape[0] for tensor in tensors.values()}
    if len(rows) > 1:
        raise malformed(f"The inputs have {' and '.join(map(str, sorted(rows)[:3]))} rows; all should have as many.")
    if whole is None:
        return None
    if len(whole.shape) != 2 or whole.shape[1] != len(numeric) or whole.datatype == "BYTES":
        detail = f"The input {matrix!r} should be numbers of shape [rows, {len(numeric)}], not {whole.datatype} of"
        raise malformed(f"{detail} {list(whole.shape)}.")
    values = _float64(whole)
    _check_values(matrix, numeric, whole.datatype, values)
    return values


def _columns(
    version: LoadedVersion, tensors: Mapping[str, Tensor], values: npt.NDArray[np.float64] | None
) -> Mapping[str, Column]:
    numbers = {}
    if values is not None:
        numbers = {feature.name: values[:, place] for place, feature in enumerate(numeric_features(version))}
    return {
        feature.name: NumberColumn(numbers[feature.name])
        if feature.name in numbers
        else _column(feature, tensors[feature.name])
        for feature in version.features
    }


def _check_names(version: LoadedVersion, tensors: Mapping[str, Tensor], matrix: str, in_matrix: list[Feature]) -> None:
    known = [matrix, *version.places]
    for name in tensors:
        if name not in version.places and name not in version.passed_over and name != matrix:
            raise malformed(f"The model has no input {shown(name)}.{nearest(name, known)}")
    covered = {feature.name for feature in in_matrix}
    twice = [name for name in covered if name in tensors]
    if twice:
        raise malformed(f"The feature {shown(twice[0])} stands in the input {matrix!r} already.")
    missing = [name for name in version.places if name not in covered and name not in tensors]
    if missing:
        more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
        detail = f"No input has {', '.join(shown(name) for name in missing[:_MOST_NAMED])}{more}."
        raise malformed(f"{detail} All numeric features can come as one input {matrix!r}.")


def _column(feature: Feature, tensor: Tensor) -> Column:
    where = f"The input {shown(feature.name)}"
    if len(tensor.shape) == 2 and tensor.shape[1] != 1:
        raise malformed(f"{where} should have the shape [rows] or [rows, 1], not {list(tensor.shape)}.")
    if (feature.type == "category") != (tensor.datatype == "BYTES"):
        wanted = "BYTES" if feature.type == "category" else "numbers"
        raise malformed(f"{where} should be {wanted}, not {tensor.datatype}.")
    if isinstance(tensor.values, list):
        column, problems = read_column(feature, tensor.values)
        if column is None:
            raise malformed(problems[0][2])
        return column
    if tensor.datatype == "BOOL" and feature.type != "boolean":
        raise malformed(f"{where} should be numbers, not BOOL.")
    values = _float64(tensor)
    _check_values(feature.name, [feature], tensor.datatype, values.reshape(-1, 1))
    return NumberColumn(values.reshape(-1))


def _float64(tensor: Tensor) -> npt.NDArray[np.float64]:
    values: Array = np.asarray(tensor.values)
    return values.astype(np.float64, copy=values.dtype.kind != "f" or values.itemsize != 8)


def _check_values(name: str, features: list[Feature], datatype: str, values: npt.NDArray[np.float64]) -> None:
    """Refuse what float32 does not hold, and booleans other than 0 and 1."""
    with np.errstate(invalid="ignore"):
        outside = np.abs(values) > MAX_NUMBER
    if outside.any():
        row, place = (int(found[0]) for found in np.nonzero(outside))
        detail = f"The input {shown(name)} has a number that does not fit float32 in row {row}"
        raise malformed(f"{detail}, feature {shown(features[place].name)}.")
    if datatype == "BOOL":
        return
    for place, feature in enumerate(features):
        if feature.type == "boolean":
            column = values[:, place]
            if not np.isin(column[~np.isnan(column)], (0.0, 1.0)).all():
                raise malformed(f"The feature {shown(feature.name)} takes 0 and 1 only.")
