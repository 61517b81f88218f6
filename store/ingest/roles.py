"""Which columns a model should not learn from: row numbers, ids, free text, endless categories."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow.compute as pc

from store.ingest.columns import TypedColumn
from store.ingest.errors import shown
from store.ingest.limits import Limits
from store.ingest.names import FIRST_UNNAMED

FEATURE, IGNORED = "feature", "ignored"

_ENOUGH_ROWS = 20  # below it that all values differ says little
_MOST_DISTINCT_SHARE = 0.5
_PROSE_SPACES, _PROSE_CHARACTERS = 3, 60  # a mean of so many makes a text prose
_ID_NAME = re.compile(
    r"(.*[_ .-])?(id|uuid|guid)|id[_ .-].*|index|idx|unnamed: 0|rownames|row([_ .-]?(id|names?|no|num|number))?", re.I
)
_CAMEL_ID = re.compile(r".*[a-z](ID|Id)")


def assign_role(column: TypedColumn, *, position: int, limits: Limits) -> tuple[str, list[dict[str, Any]]]:
    """The column's role and the warnings about it.

    Returns
    -------
    tuple of (str, list of dict)
        ``feature`` or ``ignored``; warnings of ``code``, ``column``, ``detail``. Every ignored column has one.
    """
    why = _why_ignored(column, position=position, limits=limits)
    if why is not None:
        code, reason = why
        detail = f"Column {shown(column.name)} is left out of the features: {reason}. Name it in `features` to use it."
        return IGNORED, [{"code": code, "column": column.name, "detail": detail}]
    if column.inexact:
        detail = f"Column {shown(column.name)} has integers beyond ±2^53, whose last digits are lost."
        return FEATURE, [{"code": "digits_lost", "column": column.name, "detail": detail}]
    return FEATURE, []


def _why_ignored(column: TypedColumn, *, position: int, limits: Limits) -> tuple[str, str] | None:
    values = column.values
    present = len(values) - values.null_count
    if present == 0:
        return "all_missing", "it has no values"
    if column.type == "category":
        return _why_ignored_category(column, present, limits)
    if column.type == "integer" and not column.declared and values.null_count == 0:
        if _counts_rows(values) and (_is_id_name(column.name) or (position == 0 and column.name == FIRST_UNNAMED)):
            return "row_numbers", "it counts the rows"
        if _is_id_name(column.name) and present >= _ENOUGH_ROWS and len(pc.unique(values)) == present:
            return "id_like", "its name and its values, which are all different, are those of an id"
    return None


def _why_ignored_category(column: TypedColumn, present: int, limits: Limits) -> tuple[str, str] | None:
    distinct = len(pc.unique(column.values).drop_null())
    if present >= _ENOUGH_ROWS and not column.declared:
        spaces = pc.mean(pc.count_substring(column.values, " ")).as_py()
        characters = pc.mean(pc.utf8_length(column.values)).as_py()
        mostly_distinct = distinct > _MOST_DISTINCT_SHARE * present
        if mostly_distinct and (spaces >= _PROSE_SPACES or characters >= _PROSE_CHARACTERS):
            return "free_text", "it looks like free text"
        if mostly_distinct:
            return "id_like", f"it looks like an id ({distinct:,} different values in {present:,} rows)"
    if distinct > limits.max_categories:
        return "too_many_categories", f"it has {distinct:,} categories; a feature has at most {limits.max_categories:,}"
    return None


def _is_id_name(name: str) -> bool:
    return any(pattern.fullmatch(name) for pattern in (_ID_NAME, _CAMEL_ID))


def _counts_rows(values: Any) -> bool:
    numbers = values.to_numpy()
    return len(numbers) > 1 and numbers[0] in (0, 1) and bool(np.all(np.diff(numbers) == 1))
