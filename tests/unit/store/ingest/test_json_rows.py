"""Tables that come as JSON: rows and records."""

from __future__ import annotations

from typing import Any

import pytest

from store.ingest import IngestError, Limits, names, read_csv, read_records, read_rows


def refused(columns: list[Any], rows: list[list[Any]], **options: Any) -> list[tuple[str, int | None, str | None]]:
    with pytest.raises(IngestError) as caught:
        read_rows(columns, rows, **options)
    assert not caught.value.unparseable
    return [(p.code, p.row, p.column) for p in caught.value.problems]


def test_json_types_are_honoured() -> None:
    table = read_rows(["n", "i", "b", "t"], [[1.5, 1, True, "1"], [2, None, False, "2"]])
    assert [c["type"] for c in table.columns] == ["number", "integer", "boolean", "category"]
    assert table.table.to_pydict() == {"n": [1.5, 2.0], "i": [1, None], "b": [True, False], "t": ["1", "2"]}


def test_the_same_table_has_the_same_digest_by_every_door() -> None:
    rows = read_rows(["a", "b"], [[1.5, "x"], [None, ""]])
    records = read_records([{"a": 1.5, "b": "x"}, {"a": None, "b": None}])
    assert rows.sha256 == records.sha256 == read_csv(b"a,b\n1.5,x\nNA,\n").sha256
    assert rows.columns == records.columns


def test_a_text_that_marks_a_missing_value_in_csv_does_so_here() -> None:
    table = read_rows(["a", "b"], [["NA", "nan"], [1, "x"]])
    assert table.table.to_pydict() == {"a": [None, 1], "b": [None, "x"]}
    assert table.columns[0]["type"] == "integer"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([1, "red"], "mixed_types"),
        ([1, True], "mixed_types"),
        ([True, 0], "mixed_types"),
        (["red", 1], "mixed_types"),
        ([1, []], "nested_value"),
        (["x", {}], "nested_value"),
        ([1.5, float("inf")], "infinite_number"),
        ([1, 10**5000], "number_out_of_range"),
        ([1.5, -3.5e38], "number_out_of_range"),
        (["x", "\ud800"], "lone_surrogate"),
        (["x", "a\0b"], "nul_byte"),
        (["x", "y" * 11], "cell_too_long"),
    ],
)
def test_a_value_that_does_not_fit_its_column_is_named(values: list[Any], code: str) -> None:
    limits = Limits(max_cell_characters=10)
    assert refused(["a"], [[value] for value in values], limits=limits) == [(code, 2, "a")]


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        ("number", "1", "not_a_number"),
        ("number", True, "not_a_number"),
        ("integer", 1.0, "not_an_integer"),
        ("integer", 2**53 + 1, "integer_out_of_range"),
        ("boolean", 2, "not_a_boolean"),
        ("boolean", "true", "not_a_boolean"),
        ("category", [1], "nested_value"),
    ],
)
def test_a_value_that_is_not_of_the_declared_type_is_named(kind: str, value: Any, code: str) -> None:
    assert refused([{"name": "a", "type": kind}], [[None], [value]]) == [(code, 2, "a")]


def test_a_declared_type_takes_what_means_the_same() -> None:
    columns = [{"name": "c", "type": "category"}, {"name": "b", "type": "boolean"}, {"name": "n", "type": "number"}]
    table = read_rows(columns, [[1, 0, 1], [True, True, 2], ["x", 1, None]])
    assert table.table.to_pydict() == {"c": ["1", "true", "x"], "b": [False, True, True], "n": [1.0, 2.0, None]}


def test_an_error_message_can_always_be_encoded() -> None:
    for columns, rows in ((["\ud800"], [[1]]), (["a"], [["\udfff"]]), (["a", "a\ud800"], [[1, 2]])):
        with pytest.raises(IngestError) as caught:
            read_rows(columns, rows)
        assert caught.value.code == "lone_surrogate"
        for problem in caught.value.problems:
            f"{problem.detail}{problem.column}".encode()


def test_a_name_that_cannot_be_encoded_is_escaped_in_the_problem() -> None:
    with pytest.raises(IngestError) as caught:
        read_records([{"a": 1}, {"a\ud800": 1}])
    assert [p.column for p in caught.value.problems] == ["a", "a\\ud800"]
    with pytest.raises(IngestError) as caught:
        read_rows(["a"], [[1]], schema={"b\ud800": "number"})
    assert [p.column for p in caught.value.problems] == ["b\\ud800"]


def test_a_row_of_another_length_is_named() -> None:
    assert refused(["a", "b"], [[1, 2], [1], [1, 2, 3]]) == [("ragged_row", 2, None), ("ragged_row", 3, None)]


@pytest.mark.parametrize(
    ("columns", "rows", "code"),
    [
        (["a"], [], "header_only"),
        ([], [[]], "empty_file"),
        (["a", "a"], [[1, 2]], "duplicate_column"),
        (["a", " "], [[1, 2]], "empty_column_name"),
        (["a"], [[1], [2], [3]], "too_many_rows"),
        (["a", "b", "c"], [[1, 2, 3]], "too_many_columns"),
        ([{"name": "a", "type": "float"}], [[1]], "unknown_type"),
        (["x" * 256], [[1]], "column_name_too_long"),
        (["a\0b"], [[1]], "nul_byte"),
    ],
)
def test_a_table_that_cannot_be_is_refused_by_name(columns: list[Any], rows: list[list[Any]], code: str) -> None:
    assert refused(columns, rows, limits=Limits(max_rows=2, max_columns=2))[0][0] == code


def test_records_must_all_have_the_fields_of_the_first() -> None:
    with pytest.raises(IngestError) as caught:
        read_records([{"width": 1, "b": 2}, {"widht": 1, "b": None}])
    assert [(p.code, p.row, p.column) for p in caught.value.problems] == [
        ("missing_field", 2, "width"),
        ("unknown_field", 2, "widht"),
    ]
    assert "'width'" in caught.value.problems[1].detail


def test_no_more_than_twenty_nearest_fields_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(names, "nearest", lambda name, _known: asked.append(name))
    with pytest.raises(IngestError) as caught:
        read_records([{"a": 1}, {"a": 1, **{f"x{i}": 1 for i in range(1000)}}])
    assert len(caught.value.problems) == len(asked) == 20


def test_no_records_are_no_table() -> None:
    with pytest.raises(IngestError, match="no rows"):
        read_records([])
