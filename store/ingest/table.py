"""A typed table that is ready to become a dataset: checked columns, described and digested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from store.ingest.columns import TypedColumn
from store.ingest.description import describe
from store.ingest.digest import content_sha256
from store.ingest.errors import IngestError, TableProblem
from store.ingest.limits import Limits
from store.ingest.roles import assign_role


@dataclass(frozen=True)
class IngestedTable:
    """What an upload said.

    Parameters
    ----------
    table : pyarrow.Table
        ``number`` columns are float64, ``integer`` int64, ``boolean`` bool, ``category`` string; null is missing.
    columns : list of dict
        The API's column objects: ``name``, ``type``, ``role``, ``missing``, ``query_name`` and
        ``min``, ``max``, ``mean``, ``std`` or ``categories``.
    warnings : list of dict
        ``code``, ``column``, ``detail``: what a person should know.
    sha256 : str
        Digest of names, types and values: equal for equal tables, however they were written.
    """

    table: Any
    columns: list[dict[str, Any]]
    warnings: list[dict[str, Any]]
    sha256: str

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.table.num_rows)


def assemble(columns: Sequence[TypedColumn], problems: Sequence[TableProblem], limits: Limits) -> IngestedTable:
    """The table of the columns, if there was no problem with any of their cells.

    Raises
    ------
    IngestError
        With the problems, in the order of their rows.
    """
    if problems:
        raise IngestError(sorted(problems, key=lambda problem: problem.row or 0))
    described, warnings = [], []
    for position, column in enumerate(columns):
        role, column_warnings = assign_role(column, position=position, limits=limits)
        described.append(describe(column, role=role, limits=limits))
        warnings += column_warnings
    table = pa.table({column.name: column.values for column in columns})
    return IngestedTable(table, described, warnings, content_sha256(columns))
