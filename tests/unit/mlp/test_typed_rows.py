"""Text becomes the JSON value of its column's type."""

from __future__ import annotations

import pytest

from mlp.typed_rows import NotAValue, typed

FEATURES = [
    {"name": "n", "type": "number"},
    {"name": "i", "type": "integer"},
    {"name": "b", "type": "boolean"},
    {"name": "c", "type": "category"},
]


def test_each_type_reads_its_text() -> None:
    row = {"n": "1.5", "i": "7", "b": "True", "c": "03", "other": "8"}
    assert list(typed([row], FEATURES)) == [{"n": 1.5, "i": 7, "b": True, "c": "03", "other": "8"}]


def test_an_empty_cell_is_missing() -> None:
    assert list(typed([{"n": " ", "i": "", "b": "", "c": ""}], FEATURES)) == [
        {"n": None, "i": None, "b": None, "c": None}
    ]


def test_a_fraction_in_an_integer_column_stays_a_number() -> None:
    assert list(typed([{"i": "7.5"}], FEATURES)) == [{"i": 7.5}]


@pytest.mark.parametrize(("column", "text"), [("n", "tall"), ("i", "x"), ("b", "maybe")])
def test_a_text_of_another_type_is_refused_with_its_place(column: str, text: str) -> None:
    with pytest.raises(NotAValue, match=rf"Row 2, column {column}: '{text}'"):
        list(typed([{column: ""}, {column: text}], FEATURES))
