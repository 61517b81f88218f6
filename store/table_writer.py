"""A dataset's Parquet file, written some rows at a time."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from store.parquet import ROW_GROUP_BYTES


class TableWriter:
    """Writes a table's rows in their order, in row groups of about 32 MiB decoded; a context manager.

    Parameters
    ----------
    path : Path
        Overwritten when it exists.
    schema : pyarrow.Schema
        Of all rows; what is written is cast to it.
    """

    def __init__(self, path: Path, schema: Any) -> None:
        self._schema = schema
        texts = [field.name for field in schema if pa.types.is_string(field.type)]
        self._writer = pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=texts)
        self._waiting: list[Any] = []
        self._bytes = 0

    def write(self, table: Any) -> None:
        """Append the rows of an Arrow table."""
        table = table.cast(self._schema)
        self._waiting.append(table)
        self._bytes += table.nbytes
        if self._bytes >= ROW_GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            table = pa.concat_tables(self._waiting)
            self._writer.write_table(table, row_group_size=table.num_rows)
        self._waiting, self._bytes = [], 0

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._flush()
        finally:
            self._writer.close()
