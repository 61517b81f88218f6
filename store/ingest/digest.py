"""The digest of a table's content: equal tables have equal ones, however they were written down."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from store.ingest.columns import TypedColumn

BLOCK_ROWS = 1 << 20


def content_sha256(columns: Sequence[TypedColumn]) -> str:
    """SHA-256 (hexadecimal) of the columns' names, types and values in their order.

    Hashed are, column by column, a header of canonical JSON, one byte a row that says which values are present,
    and the values: little-endian float64 (zero without a sign), int64, bytes 0 and 1, or for categories each text's
    length in bytes (uint32) and then the texts. A missing value counts as zero or as an empty text.
    """
    return digest_of_blocks(
        (column.name, column.type, len(column.values), _blocks(column.values)) for column in columns
    )


def digest_of_blocks(columns: Iterable[tuple[str, str, int, Iterable[Any]]]) -> str:
    """The same of columns that are read as they are hashed.

    Parameters
    ----------
    columns : iterable of tuple
        Each column's name, type, number of rows, and values as Arrow arrays of `BLOCK_ROWS`, the last of what is left.
    """
    digest = hashlib.sha256()
    for name, kind, rows, blocks in columns:
        digest.update(json.dumps([name, kind, rows], ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        for block in blocks:
            digest.update(pc.is_valid(block).to_numpy(zero_copy_only=False).astype(np.uint8).tobytes())
            for data in _value_bytes(block):
                digest.update(data)
    return digest.hexdigest()


def _blocks(values: Any) -> Iterator[Any]:
    """The values in blocks of one size, so that the digest does not depend on how they are chunked."""
    for start in range(0, len(values), BLOCK_ROWS):
        part = values.slice(start, BLOCK_ROWS)
        yield pa.concat_arrays(part.chunks) if isinstance(part, pa.ChunkedArray) else part


def _value_bytes(block: Any) -> Iterator[bytes]:
    if pa.types.is_string(block.type):
        texts = pc.fill_null(block, "")
        yield pc.binary_length(texts).to_numpy(zero_copy_only=False).astype("<u4").tobytes()
        yield from _text_bytes(texts)
        return
    filled = pc.fill_null(block, False if pa.types.is_boolean(block.type) else 0)
    numbers = filled.to_numpy(zero_copy_only=False)
    if pa.types.is_floating(block.type):
        yield (numbers + 0.0).astype("<f8").tobytes()
    elif pa.types.is_integer(block.type):
        yield numbers.astype("<i8").tobytes()
    else:
        yield numbers.astype(np.uint8).tobytes()


def _text_bytes(texts: Any) -> Iterator[bytes]:
    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    if data is not None:
        yield memoryview(data)[int(bounds[0]) : int(bounds[-1])].tobytes()
