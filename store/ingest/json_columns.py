"""A column of JSON values becomes numbers, integers, booleans or categories, by the types that JSON gives them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import pyarrow as pa

from store.ingest import cells
from store.ingest.columns import ARROW_TYPES, ColumnType, TypedColumn
from store.ingest.errors import MOST_PROBLEMS, TableProblem, shown
from store.ingest.limits import Limits

_KIND_OF: dict[type, str] = {bool: "boolean", int: "number", float: "number", str: "category"}
_CALLED = {bool: "a boolean", int: "a number", float: "a number", str: "a text", dict: "an object", list: "an array"}
_WRONG = {"number": "not_a_number", "integer": "not_an_integer", "boolean": "not_a_boolean"}


def read_json_column(
    name: str, raw: Sequence[Any], declared: str | None, limits: Limits, problems: list[TableProblem]
) -> TypedColumn:
    """Give a column of JSON values its type.

    ``null`` is missing, and so is a text that is a missing mark in CSV (empty, ``NA``, ``nan``), lest one table mean
    two things by door. Apart from them a text is text: ``"1"`` makes a category. All integers make ``integer``,
    numbers otherwise ``number``; types that do not go together are problems.

    Parameters
    ----------
    problems : list of TableProblem
        Receives the cells that do not fit, at most 20.
    """
    column = _JsonColumn(name, list(raw), limits)
    kind = cast("ColumnType", declared) if declared is not None else column.infer()
    values = column.convert(kind, declared=declared is not None)
    problems += column.problems
    inexact = kind == "number" and declared is None and column.has_only_integers()
    array = pa.chunked_array([pa.array([] if column.problems else values, type=ARROW_TYPES[kind])])
    return TypedColumn(name, kind, array, declared is not None, inexact)


class _JsonColumn:
    """The values of one column under conversion; None where missing."""

    def __init__(self, name: str, values: list[Any], limits: Limits) -> None:
        self.name, self.values, self.limits = name, values, limits
        self.problems: list[TableProblem] = []
        found = set(map(type, values))
        if str in found:
            self.values = [None if isinstance(v, str) and cells.is_missing(v) else v for v in self.values]
        if float in found:
            self.values = [None if isinstance(v, float) and math.isnan(v) else v for v in self.values]
        self.types = set(map(type, self.values)) - {type(None)}

    def has_only_integers(self) -> bool:
        return self.types == {int}

    def infer(self) -> ColumnType:
        """The type of the first present value; others of another type are problems."""
        if self.types == {int} and all(v is None or abs(v) <= cells.LARGEST_EXACT_INTEGER for v in self.values):
            return "integer"
        first = next((type(v) for v in self.values if type(v) in _KIND_OF), float)
        return cast("ColumnType", _KIND_OF[first])

    def convert(self, kind: ColumnType, *, declared: bool) -> list[Any]:
        """The values as Python objects of the type; those that do not fit are problems."""
        convert = {
            "number": self._number,
            "integer": self._integer,
            "boolean": self._declared_boolean if declared else self._boolean,
            "category": self._declared_category if declared else self._category,
        }[kind]
        converted: list[Any] = []
        for row, value in enumerate(self.values, start=1):
            try:
                converted.append(None if value is None else convert(value))
            except _MisfitError as misfit:
                self._report(row, value, misfit, kind if declared else None)
                if len(self.problems) >= MOST_PROBLEMS:
                    break
        return converted

    def _number(self, value: Any) -> float:
        if type(value) not in (int, float):
            raise _MisfitError
        if isinstance(value, float) and math.isinf(value):
            raise _MisfitError("infinite_number", "which is infinite; a number here must be finite")
        if abs(value) > cells.LARGEST_FLOAT32:
            raise _MisfitError("number_out_of_range", "which is outside the range of a 32-bit float (about ±3.4e38)")
        return float(value)

    def _integer(self, value: Any) -> int:
        if type(value) is not int:
            raise _MisfitError
        if abs(value) > cells.LARGEST_EXACT_INTEGER:
            raise _MisfitError("integer_out_of_range", "which is outside ±2^53")
        return value

    def _boolean(self, value: Any) -> bool:
        if type(value) is not bool:
            raise _MisfitError
        return value

    def _declared_boolean(self, value: Any) -> bool:
        return bool(value) if type(value) is int and value in (0, 1) else self._boolean(value)

    def _category(self, value: Any) -> str:
        if type(value) is not str:
            raise _MisfitError
        most = self.limits.max_cell_characters
        if len(value) > most:
            raise _MisfitError("cell_too_long", f"which is longer than {most:,} characters")
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise _MisfitError("lone_surrogate", "with half of a surrogate pair")
        if "\0" in value:
            raise _MisfitError("nul_byte", "with a NUL character; text has none")
        return value

    def _declared_category(self, value: Any) -> str:
        if type(value) is bool:
            return "true" if value else "false"
        return self._category(repr(value) if type(value) in (int, float) else value)

    def _report(self, row: int, value: Any, misfit: _MisfitError, declared: str | None) -> None:
        code, what = misfit.code, misfit.what
        if not code:
            called = _CALLED.get(type(value), "no JSON value")
            if type(value) in (dict, list):
                code, what = "nested_value", f"which is {called}; a cell is a number, text, boolean or null"
            elif declared is not None:
                code, what = _WRONG.get(declared, "mixed_types"), f"which is {called}, not of type {declared}"
            else:
                code, what = "mixed_types", f"which is {called}, unlike the values before it"
        detail = f"Row {row} of column {shown(self.name)} has {shown(value)}, {what}."
        self.problems.append(TableProblem(code, detail, row, self.name))


class _MisfitError(Exception):
    """A value that is not of the column's type; without a code for its JSON type alone."""

    def __init__(self, code: str = "", what: str = "") -> None:
        super().__init__(code)
        self.code, self.what = code, what
