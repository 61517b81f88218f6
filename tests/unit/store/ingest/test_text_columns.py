"""What the cells of a CSV column mean."""

from __future__ import annotations

from typing import Any

import pytest

from store.ingest import read_csv
from store.ingest.cells import is_missing, read_boolean, read_number


def column(*cells: str) -> tuple[str, list[Any]]:
    """Type and values of a CSV column with these cells (beside another, so that an empty one is no blank line)."""
    quoted = ('0,"{}"\n'.format(cell.replace('"', '""')) for cell in cells)
    table = read_csv(("other,c\n" + "".join(quoted)).encode())
    return table.columns[1]["type"], table.table.column("c").to_pylist()


@pytest.mark.parametrize(
    ("cell", "number"),
    [("1e5", 1e5), ("-3.5", -3.5), ("+2.", 2.0), (".5", 0.5), ("+.5E-3", 5e-4), ("0.25", 0.25), ("1e-400", 0.0)],
)
def test_plain_decimal_numbers_are_numbers_by_every_door(cell: str, number: float) -> None:
    assert column(cell, "0.5") == ("number", [number, 0.5])
    assert read_number(cell) == number


@pytest.mark.parametrize(
    "cell", ["0x1F", "1_000", "1,5", "1e", "e5", ".", "-", "+-1", "1 2", "١", "½", "1.2.3", "$5", "NAN", "1e5.0"]
)
def test_what_is_no_plain_decimal_number_makes_the_column_a_category(cell: str) -> None:
    assert column("1", cell) == ("category", ["1", cell])
    assert read_number(cell) is None


@pytest.mark.parametrize("cell", ["03", "-007", "00", "+01.5"])
def test_a_leading_zero_makes_a_category(cell: str) -> None:
    assert column("1", cell) == ("category", ["1", cell])


@pytest.mark.parametrize("mark", ["", "NA", "nan", "NaN", "  ", " NA\t"])
def test_missing_marks_are_missing_in_columns_of_every_type(mark: str) -> None:
    assert is_missing(mark)
    assert column("1", mark) == ("integer", [1, None])
    assert column("1.5", mark) == ("number", [1.5, None])
    assert column("true", mark) == ("boolean", [True, None])
    assert column("red", mark) == ("category", ["red", None])


def test_booleans_are_known_in_their_usual_spellings_and_nothing_else() -> None:
    assert column("true", "True", "TRUE", "false", "False", "FALSE")[0] == "boolean"
    assert column("true", "t")[0] == "category"
    assert column("true", "1")[0] == "category"
    assert column("1", "0")[0] == "integer"
    assert [read_boolean(text) for text in ("TRUE", "0", "tRUE", "")] == [True, False, None, None]


def test_integers_are_exact_up_to_two_to_the_53rd_and_numbers_beyond() -> None:
    assert column("9007199254740992", "-9007199254740992", "+5", "-0") == ("integer", [2**53, -(2**53), 5, 0])
    assert column("9007199254740993") == ("number", [float(2**53)])
    assert column("18446744073709551616") == ("number", [2.0**64])


def test_integers_that_lose_digits_are_warned_of() -> None:
    assert [w["code"] for w in read_csv(b"a\n9007199254740993\n1\n").warnings] == ["digits_lost"]


def test_blanks_around_a_number_are_passed_over_and_kept_in_a_category() -> None:
    assert column(" 1", "2\t") == ("integer", [1, 2])
    assert column(" a ", "b") == ("category", [" a ", "b"])


def test_an_infinity_among_texts_is_a_text() -> None:
    assert column("inf", "red") == ("category", ["inf", "red"])


def test_a_column_without_values_is_an_ignored_number() -> None:
    table = read_csv(b"a,b\n1,\n2,NA\n")
    assert table.columns[1] | {"query_name": ""} == {
        "name": "b", "type": "number", "role": "ignored", "missing": 2, "query_name": "",
        "min": None, "max": None, "mean": None, "std": None,
    }  # fmt: skip
    assert [w["code"] for w in table.warnings] == ["all_missing"]


@pytest.mark.parametrize("text", ["3.41e38", "inf", "-inf", "nan", "1e999", "red"])
def test_a_single_text_that_is_no_finite_float32_is_no_number(text: str) -> None:
    assert read_number(text) is None
