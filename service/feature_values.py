"""Values of features, as text from an address or as JSON from a body, read by one rule into a table's columns."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from core.features import MAX_NUMBER
from core.table import CategoryColumn, Column, NumberColumn
from service.loaded_version import Feature
from service.problems import ErrorItem
from store.ingest import cells

# A plain decimal number, as in a CSV upload; not 0x1F, 1_000 or 1,5.
_DECIMAL = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
_BOOLEANS = {"true": True, "false": False}

Place = Callable[[int, ErrorItem], ErrorItem]


def value_of_text(feature: Feature, text: str) -> Any:
    """A parameter's value: empty is missing; numbers and booleans are read from their text.

    Raises
    ------
    ValueError
        With a sentence that says what was expected.
    """
    if text == "":
        return None
    if feature.type == "category":
        return text  # `read_column` knows the marks of a missing one
    stripped = text.strip()
    if feature.type == "boolean":
        value = _BOOLEANS.get(stripped.lower())
        if value is None:
            raise ValueError(f"{feature.name!r} takes true or false, not {_shown(text)}.")
        return value
    if not _DECIMAL.fullmatch(stripped):
        raise ValueError(f"{feature.name!r} takes a number, not {_shown(text)}.")
    return float(stripped)


def read_column(feature: Feature, values: Sequence[Any]) -> tuple[Column | None, list[tuple[int, str, str]]]:
    """A feature's JSON values as a column; None is a missing one.

    Returns
    -------
    tuple of (Column or None, list)
        The column, or None and the problems: row (from 0), code, detail.
    """
    if feature.type == "category":
        return _category(feature, values)
    allowed: tuple[type, ...] = (bool, type(None)) if feature.type == "boolean" else (int, float, type(None))
    if not set(map(type, values)) <= set(allowed):
        wanted = "true or false" if feature.type == "boolean" else "a number"
        return None, _wrong(feature, values, allowed, wanted)
    try:
        numbers = np.array(values, dtype=np.float64)
    except OverflowError:
        numbers = np.array([_double(value) for value in values])
    outside = np.abs(numbers) > MAX_NUMBER
    if outside.any():
        detail = f"{feature.name!r} has a number that does not fit float32."
        return None, [(int(row), "number_out_of_range", detail) for row in np.flatnonzero(outside)[:20]]
    return NumberColumn(numbers), []


def _category(feature: Feature, values: Sequence[Any]) -> tuple[Column | None, list[tuple[int, str, str]]]:
    if not set(map(type, values)) <= {str, type(None)}:
        return None, _wrong(feature, values, (str, type(None)), "a string")
    # What an upload reads as missing cannot be a category of any table; it means the same here.
    values = [None if value is not None and cells.is_missing(value) else value for value in values]
    categories = tuple(sorted({value for value in values if value is not None}))
    codes = {category: code for code, category in enumerate(categories)}
    return CategoryColumn(np.array([codes.get(value, -1) for value in values], dtype=np.int32), categories), []


def _wrong(
    feature: Feature, values: Sequence[Any], allowed: tuple[type, ...], wanted: str
) -> list[tuple[int, str, str]]:
    return [
        (row, "wrong_type", f"{feature.name!r} takes {wanted}, not {_shown(value)}.")
        for row, value in enumerate(values)
        if type(value) not in allowed
    ][:20]


def _double(value: Any) -> float:
    if value is None:
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"
