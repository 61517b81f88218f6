"""A generated table is the same each time, in whichever pieces, and in the file what it is in memory."""

from pathlib import Path

import numpy as np
import pytest

from bench.large_tables import CLASSES, TARGET, LargeTable
from core.table import CategoryColumn, NumberColumn
from store import parquet


@pytest.mark.parametrize("pixels", [False, True])
def test_the_file_has_the_rows_of_the_table(pixels: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.large_tables.ROW_GROUP_BYTES", 40 * 3 * (8 if pixels else 4))
    table = LargeTable(100, 3, pixels=pixels)
    table.write(tmp_path / "table")
    X, classes = (np.concatenate(parts) for parts in zip(*table.blocks(40), strict=True))
    found = parquet.read_columns(tmp_path / "table", [*table.names, TARGET])
    for number, name in enumerate(table.names):
        column = found[name]
        assert isinstance(column, NumberColumn)
        assert column.values.tolist() == X[:, number].tolist()
    kinds = found[TARGET]
    assert isinstance(kinds, CategoryColumn)
    assert [kinds.categories[code] for code in kinds.codes] == [f"class {number}" for number in classes]
    assert [each["name"] for each in table.column_objects()] == [*table.names, TARGET]
    if pixels:
        assert set(np.unique(X)) <= set(range(256))
        assert X.std() > 10


def test_rows_are_mixed_or_sorted_by_class_and_of_every_class_alike() -> None:
    for table in (LargeTable(5000, 4), LargeTable(5000, 4, sorted_by_class=True)):
        classes = np.concatenate([classes for _, classes in table.blocks(999)])
        assert np.bincount(classes, minlength=CLASSES).min() > 400
        assert bool((np.diff(classes) >= 0).all()) == table.sorted_by_class


def test_the_held_out_rows_are_others_of_the_same_clusters() -> None:
    table = LargeTable(20_000, 16)
    ((X, classes),) = table.blocks(20_000)
    others, of_others = table.held_out(20_000)
    assert not np.array_equal(X, others)
    for number in range(CLASSES):
        assert X[classes == number].mean(axis=0) == pytest.approx(others[of_others == number].mean(axis=0), abs=0.2)
