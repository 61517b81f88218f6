"""The text of a CSV file becomes a typed table."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from store.ingest.errors import MOST_PROBLEMS, IngestError, TableProblem, refuse, shown, unparseable
from store.ingest.limits import Limits
from store.ingest.names import check_schema, clean_names
from store.ingest.table import IngestedTable, assemble
from store.ingest.text_bytes import TextFacts, check_text
from store.ingest.text_columns import read_text_column

_BLOCK = 4 << 20
_LARGEST_BLOCK = 64 << 20  # and so the longest row, in bytes


def read_csv(
    source: bytes | Path | BinaryIO, *, schema: Mapping[str, str] | None = None, limits: Limits | None = None
) -> IngestedTable:
    """Read comma-separated text (RFC 4180, UTF-8, a header first; a byte order mark is passed over).

    pyarrow splits it into cells, all of them texts; blank lines are passed over. What a text means:
    `store.ingest.cells`.

    Parameters
    ----------
    source : bytes, Path or seekable binary file
    schema : mapping of str to str, optional
        Types of some columns: ``number``, ``integer``, ``boolean`` or ``category``. The others' are inferred.
    limits : Limits, optional

    Raises
    ------
    IngestError
        With up to 20 problems: ``empty_file``, ``header_only``, ``ragged_row``, ``unclosed_quote``,
        ``duplicate_column``, ``empty_column_name``, ``infinite_number``, ``number_out_of_range``, ``not_a_number``,
        ``not_an_integer``, ``integer_out_of_range``, ``not_a_boolean``, ``not_utf8``, ``nul_byte``,
        ``too_many_rows``, ``too_many_columns``, ``cell_too_long``, ``row_too_long``,
        ``unknown_column``, ``unknown_type``.
    """
    limits = limits or Limits()
    with _opened(source) as stream:
        facts = check_text(stream, limits)
        texts = _read_cells(stream, facts, limits)
    names = clean_names(texts.column_names, limits)
    declared = check_schema(schema, names)
    problems: list[TableProblem] = []
    remaining = texts.columns
    del texts  # so that each column's texts are freed once it has its type
    typed = [read_text_column(name, remaining.pop(0), declared.get(name), problems) for name in names]
    return assemble(typed, problems, limits)


@contextmanager
def _opened(source: bytes | Path | BinaryIO) -> Iterator[BinaryIO]:
    if isinstance(source, Path):
        with source.open("rb") as stream:
            yield stream
    else:
        yield io.BytesIO(source) if isinstance(source, bytes) else source


def _read_cells(stream: BinaryIO, facts: TextFacts, limits: Limits) -> Any:
    """All cells as texts; a block grows until the longest row fits it."""
    block = _BLOCK
    while True:
        stream.seek(0)
        reading = _Reading(limits, facts)
        try:
            return reading.read(stream, block)
        except pa.ArrowInvalid as error:
            if "straddling" in str(error):
                if block >= _LARGEST_BLOCK:
                    raise reading.endless_row() from None
                block *= 4
            elif "Empty CSV" in str(error):
                raise _without_rows(stream, facts) from None
            else:
                raise unparseable("unreadable_csv", f"The file cannot be read as CSV: {error}") from None


def _without_rows(stream: BinaryIO, facts: TextFacts) -> IngestError:
    stream.seek(0)
    lines = sum(1 for line in stream if line.lstrip(b"\xef\xbb\xbf").strip(b"\r\n"))
    if lines > 1 and facts.open_quote:  # the rows are there, within the header's quote
        return unparseable("unclosed_quote", "A quote that opens in the header is never closed.")
    if lines:
        return refuse("header_only", "The file has a header but no rows.")
    return unparseable("empty_file", "The file has nothing but blank lines.")


class _Reading:
    """One reading of a file into texts, with the rows that do not fit its header."""

    def __init__(self, limits: Limits, facts: TextFacts) -> None:
        self._limits, self._facts = limits, facts
        self._ragged: list[TableProblem] = []
        self._last_ragged = ""
        self._rows = 0

    def read(self, stream: BinaryIO, block: int) -> Any:
        try:
            table = self._read(stream, block)
        except pa.ArrowInvalid:
            if len(self._ragged) < MOST_PROBLEMS:
                raise
            raise IngestError(self._ragged) from None
        if self._ragged:
            self._refuse_unclosed(self._last_ragged, self._ragged[-1].row)
            raise IngestError(self._ragged)
        if table.num_rows == 0:
            raise refuse("header_only", "The file has a header but no rows.")
        self._refuse_unclosed(table.column(table.num_columns - 1)[-1].as_py(), table.num_rows)
        return table

    def _read(self, stream: BinaryIO, block: int) -> Any:
        with pa.csv.open_csv(
            pa.PythonFile(stream, mode="r"),
            # Rows have their numbers only where one thread parses them.
            read_options=pa.csv.ReadOptions(use_threads=False, block_size=block),
            parse_options=pa.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=self._note_ragged),
            convert_options=pa.csv.ConvertOptions(
                default_column_type=pa.string(), strings_can_be_null=False, check_utf8=False
            ),
        ) as reader:
            batches = []
            for batch in reader:
                self._check_batch(batch)
                self._rows += batch.num_rows
                batches.append(batch)
            return pa.Table.from_batches(batches, schema=reader.schema)

    def _note_ragged(self, invalid: Any) -> str:
        row, found, expected = invalid.number - 1, invalid.actual_columns, invalid.expected_columns
        self._last_ragged = invalid.text
        detail = f"Row {row} has {found} fields where the header has {expected}: {shown(invalid.text)}."
        self._ragged.append(TableProblem("ragged_row", detail, row))
        return "skip" if len(self._ragged) < MOST_PROBLEMS else "error"

    def _check_batch(self, batch: Any) -> None:
        if self._rows + batch.num_rows > self._limits.max_rows:
            raise refuse("too_many_rows", f"The file has more than {self._limits.max_rows:,} rows.")
        if self._ragged:
            return  # refused in any case, and rows that were passed over have shifted the numbers
        most = self._limits.max_cell_characters
        for name, texts in zip(batch.schema.names, batch.columns, strict=True):
            if (pc.max(pc.binary_length(texts)).as_py() or 0) <= most:
                continue
            position = pc.index(pc.greater(pc.utf8_length(texts), most), value=True).as_py()
            if position >= 0:
                row = self._rows + position + 1
                self._refuse_unclosed(texts[position].as_py(), row)
                detail = f"Row {row} of column {shown(name)} has a cell of more than {most:,} characters."
                raise refuse("cell_too_long", detail, row=row, column=name)

    def endless_row(self) -> IngestError:
        """The error of a row that is longer than the largest block."""
        row = self._rows + 1
        if self._facts.open_quote:
            return _unclosed(row)
        return refuse("row_too_long", f"Row {row} has more than {_LARGEST_BLOCK:,} bytes.", row=row)

    def _refuse_unclosed(self, text: str, row: int | None) -> None:
        # pyarrow takes the end of the file for the quote's end; what it swallowed has the line ends in it.
        if self._facts.open_quote and "\n" in text:
            raise _unclosed(row)


def _unclosed(row: int | None) -> IngestError:
    return unparseable("unclosed_quote", f"A quote that opens in row {row} is never closed.", row=row)
