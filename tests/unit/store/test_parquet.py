"""Tables that go to Parquet and come back."""

from __future__ import annotations

import csv
import io
import math
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.table import CategoryColumn, NumberColumn
from store import parquet
from store.ingest import IngestedTable, read_csv, read_rows
from store.ingest.cells import LARGEST_FLOAT32, is_missing

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8).filter(
    lambda text: not is_missing(text)
)
NUMBERS = st.floats(-LARGEST_FLOAT32, LARGEST_FLOAT32, allow_nan=False).map(lambda x: x + 0.0)
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "number": NUMBERS,
    "integer": st.integers(-(2**53), 2**53),
    "boolean": st.booleans(),
    "category": TEXTS,
}
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp", "Mn"]), min_size=1, max_size=6)


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, str], list[list[Any]]]:
    """Declared types by name, and rows of them."""
    schema = draw(
        st.dictionaries(
            NAMES.filter(lambda name: name.isalnum()), st.sampled_from(sorted(CELLS)), min_size=1, max_size=5
        )
    )
    row = st.tuples(*(st.none() | CELLS[kind] for kind in schema.values())).map(list)
    return schema, draw(st.lists(row, min_size=1, max_size=12))


def ingested(schema: dict[str, str], rows: list[list[Any]]) -> IngestedTable:
    return read_rows([{"name": name, "type": kind} for name, kind in schema.items()], rows)


def written(table: IngestedTable, folder: Path) -> Path:
    path = folder / "t.parquet"
    parquet.write(table.table, path)
    return path


@given(tables())
def test_any_table_comes_back_equal_as_rows_and_as_columns(made: tuple[dict[str, str], list[list[Any]]]) -> None:
    schema, rows = made
    table = ingested(schema, rows)
    names = [column["name"] for column in table.columns]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "ROW_GROUP_BYTES", 100)  # several row groups
        path = written(table, Path(folder))
        back = parquet.rows(path, 0, len(rows))
        columns = parquet.read_columns(path, names)
    assert [list(row.values()) for row in back] == rows
    assert [list(row) for row in back] == [names] * len(rows)
    for position, name in enumerate(names):
        expected = [row[position] for row in rows]
        column = columns[name]
        if isinstance(column, CategoryColumn):
            assert list(column.categories) == sorted({value for value in expected if value is not None})
            assert [None if code < 0 else column.categories[code] for code in column.codes.tolist()] == expected
            assert column.codes.dtype == np.int32
        else:
            assert [None if math.isnan(v) else v for v in column.values.tolist()] == expected
            assert column.values.dtype == np.float64


@given(tables())
@settings(max_examples=60)
def test_a_table_written_as_csv_is_the_same_table_when_it_is_sent_again(
    made: tuple[dict[str, str], list[list[Any]]],
) -> None:
    schema, rows = made
    table = ingested(schema, rows)
    declared = {column["name"]: column["type"] for column in table.columns}
    with tempfile.TemporaryDirectory() as folder:
        text = b"".join(parquet.to_csv(written(table, Path(folder))))
    again = read_csv(text, schema=declared)
    assert again.sha256 == table.sha256


def test_a_column_is_read_by_its_whole_name(tmp_path: Path) -> None:
    path = written(read_rows(["a.b", "a", "b"], [[1, "x", 3.5]]), tmp_path)
    columns = parquet.read_columns(path, ["b", "a"])
    assert list(columns) == ["b", "a"]
    assert isinstance(columns["a"], CategoryColumn)
    assert isinstance(columns["b"], NumberColumn)
    with pytest.raises(KeyError):
        parquet.read_columns(path, ["c"])


def test_categories_of_several_row_groups_share_one_sorted_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP_BYTES", 1)
    path = written(read_rows(["c"], [["b"], [None], ["a"], ["c"], ["a"]]), tmp_path)
    assert pq.ParquetFile(path).num_row_groups == 5
    column = parquet.read_columns(path, ["c"])["c"]
    assert isinstance(column, CategoryColumn)
    assert (column.categories, column.codes.tolist()) == (("a", "b", "c"), [1, -1, 0, 2, 0])


def test_a_column_of_missing_texts_has_no_categories(tmp_path: Path) -> None:
    path = written(read_rows([{"name": "c", "type": "category"}], [[None], [None]]), tmp_path)
    column = parquet.read_columns(path, ["c"])["c"]
    assert isinstance(column, CategoryColumn)
    assert (column.categories, column.codes.tolist()) == ((), [-1, -1])


@pytest.mark.parametrize(
    ("start", "limit", "expected"),
    [(0, 2, [0, 1]), (2, 5, [2, 3, 4, 5, 6]), (8, 50, [8, 9]), (10, 5, []), (99, 5, []), (0, 0, [])],
)
def test_rows_are_read_by_position_over_row_groups(
    start: int, limit: int, expected: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP_BYTES", 24)  # three integers
    path = written(read_rows(["i"], [[i] for i in range(10)]), tmp_path)
    assert pq.ParquetFile(path).num_row_groups > 2
    assert [row["i"] for row in parquet.rows(path, start, limit)] == expected


def test_row_groups_are_of_about_32_mib_decoded(tmp_path: Path) -> None:
    table = pa.table({f"c{i}": np.zeros(1_000_000) for i in range(10)})
    path = tmp_path / "t.parquet"
    parquet.write(table, path)
    metadata = pq.ParquetFile(path).metadata
    assert metadata.num_row_groups == 3
    assert metadata.row_group(0).num_rows * 10 * 8 == pytest.approx(parquet.ROW_GROUP_BYTES, rel=0.01)


def test_csv_is_quoted_where_it_must_be(tmp_path: Path) -> None:
    rows = [['a "q"', 1.5, True], ["x,\ny", None, None]]
    text = b"".join(parquet.to_csv(written(read_rows(["c,d", "n", "b"], rows), tmp_path))).decode()
    assert list(csv.reader(io.StringIO(text))) == [
        ["c,d", "n", "b"],
        ['a "q"', "1.5", "true"],
        ["x,\ny", "", ""],
    ]


def test_a_lone_missing_value_is_a_row_of_the_csv_too(tmp_path: Path) -> None:
    table = read_rows(["n"], [[1.5], [None], [2.0]])
    again = read_csv(b"".join(parquet.to_csv(written(table, tmp_path))))
    assert again.sha256 == table.sha256


@pytest.mark.parametrize("start", [0, 1, 4, 5, 17, 22, 23, 40])
def test_blocks_are_the_rows_from_a_start_on_a_few_at_a_time(
    start: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP_BYTES", 60)  # five rows of an integer and a text
    monkeypatch.setattr(parquet, "BLOCK_BYTES", 48)  # three rows of two columns
    rows = [[i, None if i % 4 == 0 else "pqr"[i % 3]] for i in range(23)]
    path = written(read_rows(["i", "k"], rows), tmp_path)
    assert pq.ParquetFile(path).num_row_groups > 3
    found: list[list[Any]] = []
    with parquet.ColumnReader(path) as reader:
        for block in reader.blocks(["i", "k"], start):
            numbers, texts = block["i"], block["k"]
            assert isinstance(numbers, NumberColumn)
            assert isinstance(texts, CategoryColumn)
            assert 1 <= len(numbers) == len(texts) <= 3
            labels = [None if code < 0 else texts.categories[code] for code in texts.codes]
            found += [[i, label] for i, label in zip(numbers.values.tolist(), labels, strict=True)]
    assert found == rows[start:]


def test_a_reader_closes_the_file_that_it_was_given(tmp_path: Path) -> None:
    path = written(read_rows(["i"], [[1]]), tmp_path)
    file = pa.OSFile(str(path))
    with parquet.ColumnReader(file) as reader:
        assert not file.closed
        assert reader.columns(["i"])["i"].values.tolist() == [1.0]  # type: ignore[union-attr]
    assert file.closed
