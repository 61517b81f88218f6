"""A dataset's file is read piece by piece, and read again where that helps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.table import NumberColumn, Table
from store import parquet
from store.parquet import ColumnReader
from tests.support.tables import KEY, dataset_file
from worker import datasets
from worker.errors import JobError

ROWS = 500


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP_BYTES", 1600)
    monkeypatch.setattr(parquet, "BLOCK_BYTES", 640)
    monkeypatch.setattr(datasets, "_PAUSE_SECONDS", 0.0)


def table() -> Table:
    return {name: NumberColumn(np.arange(ROWS) + k * 1000.0) for k, name in enumerate("abc")}


def failing_after(monkeypatch: pytest.MonkeyPatch, blocks: int, errors: list[OSError]) -> None:
    """Have each reading of blocks fail after so many, as long as there are errors."""
    read = ColumnReader.blocks

    def read_then_fail(self: ColumnReader, names: list[str], start: int = 0) -> Iterator[Table]:
        for number, block in enumerate(read(self, names, start)):
            if number == blocks and errors:
                raise errors.pop()
            yield block

    monkeypatch.setattr(ColumnReader, "blocks", read_then_fail)


def read_back(file: Any, name: str = "b") -> list[float]:
    return [value for _, block in file.blocks(["a", name]) for value in block[name].values.tolist()]


def test_columns_come_one_by_one_in_the_order_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "COLUMN_BYTES", 2 * 8 * ROWS)
    read, columns = [], ColumnReader.columns

    def noted(self: ColumnReader, names: list[str]) -> Table:
        read.append(list(names))
        return columns(self, names)

    monkeypatch.setattr(ColumnReader, "columns", noted)
    with dataset_file(tmp_path, table()) as file:
        found = [(name, column.values[0]) for name, column in file.one_by_one(["c", "a", "b"])]  # type: ignore[union-attr]
    assert found == [("c", 2000.0), ("a", 0.0), ("b", 1000.0)]
    assert read == [["c", "a"], ["b"]]


def test_a_reading_that_fails_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    errors = [OSError("the network is away") for _ in range(7)]
    failing_after(monkeypatch, 2, errors)
    with dataset_file(tmp_path, table()) as file:
        assert read_back(file) == [1000.0 + row for row in range(ROWS)]
    assert errors == []


def test_a_file_that_stays_unreadable_is_a_named_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    errors = [OSError("the disk is broken") for _ in range(9)]
    failing_after(monkeypatch, 0, errors)
    with dataset_file(tmp_path, table()) as file, pytest.raises(JobError) as failed:
        read_back(file)
    assert (failed.value.code, len(errors)) == ("dataset_unreadable", 4)
    assert "points@1" in str(failed.value)


def test_a_file_that_vanishes_while_it_is_read_is_a_named_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dataset_file(tmp_path, table()) as file:
        file.columns(["a"])
        file.close()
        (tmp_path / KEY).unlink()
        for reading in (lambda: file.columns(["a"]), lambda: read_back(file)):
            with pytest.raises(JobError) as failed:
                reading()
            assert failed.value.code == "dataset_unreadable"


def test_a_look_that_stops_the_job_stops_a_reading(tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    looks: list[int] = []

    def look() -> None:
        looks.append(1)
        if len(looks) == 3:
            raise Stopped

    with dataset_file(tmp_path, table(), look=look) as file, pytest.raises(Stopped):
        read_back(file)


@pytest.mark.parametrize("size", [1, 7, 100, ROWS, ROWS + 1])
def test_whole_blocks_have_one_size_whatever_the_row_groups_are_and_go_on_where_a_reading_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP_BYTES", 3 * 8 * 33)
    errors = [OSError("the network is away") for _ in range(3)]
    read = ColumnReader.whole_blocks

    def read_then_fail(self: ColumnReader, *asked: Any) -> Any:
        for number, block in enumerate(read(self, *asked)):
            if errors and number == 2:
                raise errors.pop()
            yield block

    monkeypatch.setattr(ColumnReader, "whole_blocks", read_then_fail)
    with dataset_file(tmp_path, table()) as file:
        blocks = [(first, block.column("a").to_pylist()) for first, block in file.whole_blocks(size)]
    assert [first for first, _ in blocks] == list(range(0, ROWS, size))
    assert [value for _, values in blocks for value in values] == [float(row) for row in range(ROWS)]
    assert {len(values) for _, values in blocks[:-1]} <= {size}
