"""The Parquet form of a dataset: written once, read as columns, as JSON rows, or as CSV."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from core.table import CategoryColumn, Column, NumberColumn, Table

ROW_GROUP_BYTES = 32 << 20
BLOCK_BYTES = 8 << 20
_CSV_ROWS = 10_000


def write(table: Any, path: Path) -> None:
    """Write a table (`store.ingest.IngestedTable.table`) with row groups of about 32 MiB decoded.

    Parameters
    ----------
    table : pyarrow.Table
    path : Path
        Overwritten when it exists.
    """
    bytes_a_row = max(1.0, table.nbytes / max(1, table.num_rows))
    texts = [field.name for field in table.schema if pa.types.is_string(field.type)]
    pq.write_table(
        table,
        path,
        row_group_size=max(1, int(ROW_GROUP_BYTES / bytes_a_row)),
        compression="zstd",
        use_dictionary=texts,
    )


def read_columns(file: Any, names: Sequence[str]) -> Table:
    """The named columns as arrays.

    Parameters
    ----------
    file : path or seekable binary file
        Such as `store.files.FileStore.open` gives.
    names : sequence of str

    Returns
    -------
    mapping of str to core.table.Column
        Numbers, integers and booleans (0 and 1) as float64, NaN missing; categories as int32 codes, −1 missing,
        into the sorted names that occur.

    Raises
    ------
    KeyError
        For a column that the file does not have.
    """
    with ColumnReader(file) as reader:
        return reader.columns(names)


class ColumnReader:
    """An open file whose columns are read as they are asked for; a context manager.

    It remembers where in the file each column is: to open a wide table for each of its columns would take minutes.

    Parameters
    ----------
    file : path or seekable binary file
    """

    def __init__(self, file: Any) -> None:
        with pq.ParquetFile(file) as parquet:
            metadata, schema = parquet.metadata, parquet.schema_arrow
        texts = [field.name for field in schema if pa.types.is_string(field.type)]
        self._parquet = pq.ParquetFile(file, metadata=metadata, read_dictionary=texts)

    def columns(self, names: Sequence[str]) -> Table:
        """All rows of the named columns, as `read_columns` gives them.

        Raises
        ------
        KeyError
            For a column that the file does not have.
        """
        # A name also selects what stands below it after a dot, `a` the column `a.b`; hence by name once more.
        return columns_of(self._parquet.read(columns=list(names)), names)

    def blocks(self, names: Sequence[str], start: int = 0) -> Iterator[Table]:
        """The named columns of the rows from `start` on, some rows at a time, in order.

        A block has at most `BLOCK_BYTES` of numbers, and rows of one row group only; its categories are those that
        occur in it.
        """
        passed = 0
        for group in range(self._parquet.num_row_groups):
            count = self._parquet.metadata.row_group(group).num_rows
            if passed + count <= start:
                passed += count
                continue
            size = max(1, BLOCK_BYTES // (8 * max(1, len(names))))
            for batch in self._parquet.iter_batches(size, row_groups=[group], columns=list(names)):
                skipped = min(max(0, start - passed), batch.num_rows)
                passed += batch.num_rows
                if skipped < batch.num_rows:
                    yield columns_of(pa.Table.from_batches([batch.slice(skipped)]), names)
            self.release()

    def whole_blocks(self, size: int, start: int = 0, names: Sequence[str] | None = None) -> Iterator[Any]:
        """The rows from `start` on with all columns, or the named ones, as Arrow tables of exactly `size` rows each.

        The last one has what is left. Where the blocks end does not depend on how the file is laid out.
        """
        passed = first = 0
        while first < self._parquet.num_row_groups:
            count = self._parquet.metadata.row_group(first).num_rows
            if passed + count > start:
                break
            passed, first = passed + count, first + 1
        columns = None if names is None else list(names)
        skipped, waiting, rows = start - passed, [], 0
        for group in range(first, self._parquet.num_row_groups):
            for batch in self._parquet.iter_batches(size, row_groups=[group], columns=columns):
                passed_over = min(skipped, batch.num_rows)
                skipped -= passed_over
                waiting.append(batch.slice(passed_over))
                rows += batch.num_rows - passed_over
                if rows >= size:
                    table = pa.Table.from_batches(waiting)
                    yield table.slice(0, size)
                    waiting, rows = table.slice(size).to_batches(), rows - size
            self.release()
        if rows:
            yield pa.Table.from_batches(waiting)

    @staticmethod
    def release() -> None:
        """Give back what Arrow keeps of the memory that it has read into, to read faster the next time."""
        pa.default_memory_pool().release_unused()

    def close(self) -> None:
        """Close the file."""
        self._parquet.close(force=True)
        self.release()

    def __enter__(self) -> ColumnReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def rows(file: Any, start: int, limit: int) -> list[dict[str, Any]]:
    """Rows from `start` (the first is 0), at most `limit`, JSON-typed; a missing value is None."""
    with pq.ParquetFile(file) as parquet:
        groups, skipped, before = [], 0, 0
        for group in range(parquet.num_row_groups):
            count = parquet.metadata.row_group(group).num_rows
            if before + count <= start:
                skipped += count
            elif before < start + limit:
                groups.append(group)
            before += count
        if not groups:
            return []
        part = parquet.read_row_groups(groups).slice(start - skipped, limit)
    found: list[dict[str, Any]] = part.to_pylist()
    return found


def to_csv(file: Any) -> Iterator[bytes]:
    """The whole table as CSV in UTF-8, in pieces: a header, then rows; missing is empty."""
    with pq.ParquetFile(file) as parquet:
        options = pa.csv.WriteOptions(include_header=True, quoting_style="needed")
        for batch in parquet.iter_batches(batch_size=_CSV_ROWS):
            if batch.num_columns == 1:
                # A lone missing value would be a blank line, which readers pass over: write it as an empty text.
                batch = _as_texts(batch)
            piece = io.BytesIO()
            pa.csv.write_csv(batch, piece, write_options=options)
            options = pa.csv.WriteOptions(include_header=False, quoting_style="needed")
            yield piece.getvalue()


def columns_of(table: Any, names: Sequence[str]) -> Table:
    """The named columns of an Arrow table that `ColumnReader` gave, as arrays."""
    return {name: _column(table.column(name)) for name in names}


def _column(values: Any) -> Column:
    if not pa.types.is_dictionary(values.type):
        numbers = pc.cast(values, pa.float64())
        if numbers.num_chunks == 1:
            numbers = numbers.chunk(0)  # which needs no copy where nothing is missing
        return NumberColumn(numbers.to_numpy(zero_copy_only=False))
    whole = values.combine_chunks()  # each row group has a dictionary of its own; this makes them one
    categories = whole.dictionary.to_pylist()
    order = sorted(range(len(categories)), key=categories.__getitem__)
    rank = np.full(len(categories) + 1, -1, np.int32)  # the last entry stays for the missing
    rank[order] = np.arange(len(categories), dtype=np.int32)
    codes = pc.fill_null(whole.indices, -1).to_numpy(zero_copy_only=False)
    return CategoryColumn(rank[codes], tuple(categories[i] for i in order))


def _as_texts(batch: Any) -> Any:
    texts = pc.fill_null(pc.cast(batch.column(0), pa.string()), "")
    return pa.record_batch([texts], names=batch.schema.names)
