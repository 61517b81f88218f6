"""A column whose values have their type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import pyarrow as pa

ColumnType = Literal["number", "integer", "boolean", "category"]
COLUMN_TYPES: tuple[str, ...] = get_args(ColumnType)
ARROW_TYPES: dict[str, Any] = {
    "number": pa.float64(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "category": pa.string(),
}


@dataclass(frozen=True)
class TypedColumn:
    """Values of one type.

    Parameters
    ----------
    name : str
    type : {"number", "integer", "boolean", "category"}
    values : pyarrow.ChunkedArray
        float64, int64, bool or string; null is missing.
    declared : bool
        Whether the person gave the type, so that no guess is made about the column's role.
    inexact : bool
        Whether integers were too large for their last digits to be kept.
    """

    name: str
    type: ColumnType
    values: Any
    declared: bool = False
    inexact: bool = False
