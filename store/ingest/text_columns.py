"""A column of texts becomes numbers, integers, booleans or categories."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from store.ingest import cells
from store.ingest.columns import ColumnType, TypedColumn
from store.ingest.errors import MOST_PROBLEMS, TableProblem, shown


def read_text_column(name: str, texts: Any, declared: str | None, problems: list[TableProblem]) -> TypedColumn:
    """Give a column of texts its type: the declared one, else the narrowest that all of its cells have.

    Parameters
    ----------
    texts : pyarrow.ChunkedArray of string
    declared : {"number", "integer", "boolean", "category"} or None
    problems : list of TableProblem
        Receives the cells that are not of the type, at most 20.
    """
    trimmed = pc.ascii_trim(texts, characters=cells.BLANKS)
    missing = pc.is_in(trimmed, value_set=pa.array(cells.MISSING_MARKS))
    present = pc.if_else(missing, None, trimmed)
    kind = cast("ColumnType", declared) if declared is not None else _infer(present)
    column = _Column(name, texts, present, problems)
    inexact = False
    if kind == "category":
        values = pc.if_else(missing, None, texts)  # a category keeps its blanks: they are part of the field
    elif kind == "boolean":
        values = column.booleans()
    elif kind == "integer" and declared is None and not column.fits_integer():
        kind, values, inexact = "number", column.numbers(), True
    elif kind == "integer":
        values = column.integers()
    else:
        values = column.numbers()
    return TypedColumn(name, kind, values, declared is not None, inexact)


def _infer(present: Any) -> ColumnType:
    if present.null_count == len(present):
        return "number"
    if _all(pc.is_in(present, value_set=pa.array(cells.BOOLEANS)), present):
        return "boolean"
    # An infinity beside numbers is a number to mend, not a reason to call the column text.
    numeric = pc.match_substring_regex(present, f"({cells.NUMBER})|({cells.INFINITY})")
    if not _all(numeric, present) or pc.any(pc.match_substring_regex(present, cells.LEADING_ZERO)).as_py():
        return "category"
    return "integer" if _all(pc.match_substring_regex(present, cells.INTEGER), present) else "number"


def _all(mask: Any, present: Any) -> bool:
    return bool(pc.all(pc.or_kleene(mask, pc.is_null(present))).as_py())


class _Column:
    """The cells of one column under conversion: `present` is trimmed, null where missing."""

    def __init__(self, name: str, texts: Any, present: Any, problems: list[TableProblem]) -> None:
        self.name, self.texts, self.present, self.problems = name, texts, present, problems

    def numbers(self) -> Any:
        fits = pc.match_substring_regex(self.present, cells.NUMBER)
        infinite = pc.match_substring_regex(self.present, cells.INFINITY)
        self._report(infinite, "infinite_number", "which is infinite; a number here must be finite")
        self._report(pc.invert(pc.or_(fits, infinite)), "not_a_number", "which is not a number")
        values = self._floats(fits)
        self._report(
            pc.greater(pc.abs(values), cells.LARGEST_FLOAT32),
            "number_out_of_range",
            "which is outside the range of a 32-bit float (about ±3.4e38)",
        )
        return values

    def integers(self) -> Any:
        fits = pc.match_substring_regex(self.present, cells.INTEGER)
        self._report(pc.invert(fits), "not_an_integer", "which is not an integer")
        values, exact = self._exact_integers(fits)
        self._report(pc.invert(exact), "integer_out_of_range", "which is outside ±2^53")
        return values

    def booleans(self) -> Any:
        fits = pc.is_in(self.present, value_set=pa.array(cells.DECLARED_BOOLEANS))
        present = pc.is_valid(self.present)
        self._report(pc.and_not(present, fits), "not_a_boolean", "which is neither true nor false")
        return pc.if_else(present, pc.is_in(self.present, value_set=pa.array(cells.BOOLEAN_TRUE)), None)

    def fits_integer(self) -> bool:
        _, exact = self._exact_integers(pc.is_valid(self.present))
        return _all(exact, self.present)

    def _exact_integers(self, fits: Any) -> tuple[Any, Any]:
        """int64 values, null where out of range; and a mask of which are in range, null where there is none."""
        largest = cells.LARGEST_EXACT_INTEGER
        near = pc.less_equal(pc.abs(self._floats(fits)), float(largest))  # 2^53 + 1 rounds to 2^53
        digits = pc.ascii_ltrim(pc.if_else(near, self.present, None), characters="+")
        values = pc.cast(digits, pa.int64())
        exact = pc.and_(near, pc.if_else(near, pc.less_equal(pc.abs(values), largest), False))
        return pc.if_else(exact, values, None), exact

    def _floats(self, fits: Any) -> Any:
        return pc.cast(pc.if_else(fits, self.present, None), pa.float64())

    def _report(self, wrong: Any, code: str, what: str) -> None:
        if not pc.any(wrong).as_py():
            return
        rows = np.flatnonzero(pc.fill_null(wrong, fill_value=False).to_numpy())
        for row in rows[:MOST_PROBLEMS].tolist():
            detail = f"Row {row + 1} of column {shown(self.name)} has {shown(self.texts[row].as_py())}, {what}."
            self.problems.append(TableProblem(code, detail, row + 1, self.name))
