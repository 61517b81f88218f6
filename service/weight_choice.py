"""What examples count for: the column and the classes that a request names, checked against the dataset."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.errors import EncodingError
from core.example_weights import sample_weights
from core.table import Column
from core.targets import TargetEncoding, class_key
from service.problems import ErrorItem, pointer, problem_at, problem_of
from service.schemas.train import TrainRequest
from service.validation import nearest


def check_weight_column(request: TrainRequest, by_name: Mapping[str, Any], targets: Sequence[str]) -> None:
    """Refuse a column of sample weights that is not there, not of numbers, or a target."""
    name = request.sample_weight
    if name is None:
        return
    if name not in by_name:
        detail = f"The dataset has no column {name!r}.{nearest(name, list(by_name))}"
        raise problem_at("column_not_found", detail, pointer="/sample_weight")
    if name in targets:
        raise problem_at("invalid_value", f"{name!r} is the target; it cannot weigh too.", pointer="/sample_weight")
    if by_name[name]["type"] == "category":
        detail = f"{name!r} holds categories; weights are numbers from 0 on."
        raise problem_at("invalid_value", detail, pointer="/sample_weight")


def check_weights(name: str, column: Column, usable: Any) -> None:
    """Refuse weights that are missing or below 0 in a row that has a target, and those that are 0 everywhere.

    Parameters
    ----------
    usable : ndarray of int
        The rows that have a target.
    """
    try:
        weights = sample_weights(name, column.take(usable))
    except EncodingError as error:
        row = None if error.row is None else int(usable[error.row]) + 1
        detail = re.sub(r"\brow \d+", f"row {row}", error.detail)
        detail = detail[0].upper() + detail[1:] + "."
        item = ErrorItem("invalid_value", detail, pointer="/sample_weight", row=row, column=error.column)
        raise problem_of([item]) from None
    if not np.any(weights > 0):
        raise problem_at("invalid_value", f"The sample weight {name!r} is 0 in every row.", pointer="/sample_weight")


def check_class_names(weights: str | Mapping[str, float] | None, encoding: TargetEncoding) -> None:
    """Refuse a class weight of a class that the target does not have."""
    if weights is None or isinstance(weights, str):
        return
    known = [class_key(value) for value in encoding.classes]
    for name in weights:
        if name not in known:
            detail = f"The target has no class {name!r}.{nearest(name, known)}"
            raise problem_at("invalid_value", detail, pointer=pointer("class_weights", name))
