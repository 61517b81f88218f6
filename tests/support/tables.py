"""Tables of core as dataset files, without a database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from core.table import CategoryColumn, Column, Table
from store import parquet
from store.files import FileStore
from store.tables import DatasetRow
from worker.datasets import DatasetFile

KEY = "points"


def dataset_file(
    folder: Path, table: Table, schema: list[dict[str, Any]] | None = None, look: Callable[[], None] = lambda: None
) -> DatasetFile:
    """The table, written to the folder as a dataset would be, with `schema` for its column objects."""
    files = FileStore(str(folder))
    with files.new(KEY) as path:
        parquet.write(pa.table({name: _array(column) for name, column in table.items()}), path)
    rows = len(next(iter(table.values())))
    return DatasetFile(files, DatasetRow(name="points", version=1, blob_key=KEY, rows=rows, columns=schema or []), look)


def _array(column: Column) -> Any:
    if isinstance(column, CategoryColumn):
        return pa.array([None if code < 0 else column.categories[code] for code in column.codes], pa.string())
    return pa.array(column.values, pa.float64(), from_pandas=True)  # NaN becomes a missing value
