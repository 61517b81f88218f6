"""JSON rows or records become a typed table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from store.ingest.errors import MOST_PROBLEMS, IngestError, TableProblem, refuse, shown
from store.ingest.json_columns import read_json_column
from store.ingest.limits import Limits
from store.ingest.names import check_schema, clean_names, did_you_mean
from store.ingest.table import IngestedTable, assemble


def read_rows(
    columns: Sequence[str | Mapping[str, str]],
    rows: Sequence[Sequence[Any]],
    *,
    schema: Mapping[str, str] | None = None,
    limits: Limits | None = None,
) -> IngestedTable:
    """Read a table given as column names and rows of values.

    Parameters
    ----------
    columns : sequence of str or of mappings with ``name`` and, if the type is not to be inferred, ``type``
    rows : sequence of sequences of JSON values
        What a value means: `store.ingest.json_columns`.
    schema : mapping of str to str, optional
        Types by name, beside those that `columns` gives.

    Raises
    ------
    IngestError
        Codes of `read_csv`, and ``mixed_types``, ``nested_value``, ``lone_surrogate``, and ``nul_byte`` for one cell.
    """
    limits = limits or Limits()
    names = clean_names([column if isinstance(column, str) else column["name"] for column in columns], limits)
    given = {name: c["type"] for name, c in zip(names, columns, strict=True) if not isinstance(c, str) and "type" in c}
    declared = check_schema({**(schema or {}), **given}, names)
    if not names:
        raise refuse("empty_file", "The table has no columns.")
    _check_row_count(rows, limits)
    wrong = (i for i, row in enumerate(rows, start=1) if len(row) != len(names))
    ragged = [
        TableProblem("ragged_row", f"Row {i} has {len(rows[i - 1])} values where there are {len(names)} columns.", i)
        for i in islice(wrong, MOST_PROBLEMS)
    ]
    if ragged:
        raise IngestError(ragged)
    problems: list[TableProblem] = []
    typed = [
        read_json_column(name, values, declared.get(name), limits, problems)
        for name, values in zip(names, zip(*rows, strict=True), strict=True)
    ]
    return assemble(typed, problems, limits)


def read_records(
    records: Sequence[Mapping[str, Any]], *, schema: Mapping[str, str] | None = None, limits: Limits | None = None
) -> IngestedTable:
    """Read a table given as one object for each row.

    The first record says which columns there are. A later one that lacks one of them (a missing value is
    ``null``, said) or has another is a problem: a misspelt key must not become an empty column.

    Raises
    ------
    IngestError
        Codes of `read_rows`, and ``missing_field``, ``unknown_field`` (with the nearest name).
    """
    limits = limits or Limits()
    _check_row_count(records, limits)
    fields = list(records[0])
    known = set(fields)
    problems: list[TableProblem] = []
    for row, record in enumerate(records, start=1):
        if record.keys() == known:
            continue
        for name in (field for field in fields if field not in record):
            detail = f"Row {row} lacks {shown(name)}, which the first record has; a missing value is null."
            problems.append(TableProblem("missing_field", detail, row, name))
        # Bounded: each looks through all fields for the nearest.
        for name in islice((field for field in record if field not in known), MOST_PROBLEMS):
            detail = f"Row {row} has {shown(name)}, which the first record lacks.{did_you_mean(name, fields)}"
            problems.append(TableProblem("unknown_field", detail, row, name))
        if len(problems) >= MOST_PROBLEMS:
            break
    if problems:
        raise IngestError(problems)
    return read_rows(fields, [[record[field] for field in fields] for record in records], schema=schema, limits=limits)


def _check_row_count(rows: Sequence[Any], limits: Limits) -> None:
    if not rows:
        raise refuse("header_only", "The table has no rows.")
    if len(rows) > limits.max_rows:
        raise refuse("too_many_rows", f"The table has {len(rows):,} rows; at most {limits.max_rows:,} can be stored.")
