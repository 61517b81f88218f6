"""Columns: length, missing entries, and taking rows."""

import numpy as np

from core.table import CategoryColumn, NumberColumn

ROWS = np.array([2, 0])


def test_a_number_column_knows_its_missing_entries():
    column = NumberColumn(np.array([1.0, np.nan, 3.0]))
    assert len(column) == 3
    assert column.missing.tolist() == [False, True, False]
    assert column.take(ROWS).values.tolist() == [3.0, 1.0]


def test_a_category_column_keeps_its_categories_when_rows_are_taken():
    column = CategoryColumn(np.array([0, -1, 1], dtype=np.int32), ("a", "b"))
    assert len(column) == 3
    assert column.missing.tolist() == [False, True, False]
    assert column.take(ROWS).codes.tolist() == [1, 0]
    assert column.take(ROWS).categories == ("a", "b")
