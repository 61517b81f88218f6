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
    with pq.ParquetFile(file, read_dictionary=_text_names(file)) as parquet:
        # A name also selects what stands below it after a dot, `a` the column `a.b`; hence by name once more.
        table = parquet.read(columns=list(names))
    return {name: _column(table.column(name)) for name in names}


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


def _text_names(file: Any) -> list[str]:
    schema = pq.read_schema(file)
    if hasattr(file, "seek"):
        file.seek(0)
    return [field.name for field in schema if pa.types.is_string(field.type)]


def _column(values: Any) -> Column:
    if not pa.types.is_dictionary(values.type):
        return NumberColumn(pc.cast(values, pa.float64()).to_numpy(zero_copy_only=False))
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
