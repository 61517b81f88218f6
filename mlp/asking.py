"""How rows become a prediction request: one row the address of a GET, many the body of a POST."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

RESERVED = frozenset({"model", "version", "alias", "x", "explain", "top_k"})
"""Query parameters of ``GET /predict`` that are no feature's name."""

LONGEST_ADDRESS = 8192
"""Bytes of an address, above which the service answers 414."""


def plain(data: Any) -> Any:
    """Arrays and frames as lists and dicts: anything with ``to_dict("records")`` or ``tolist()``, else as it is."""
    if hasattr(data, "to_dict") and not isinstance(data, Mapping):
        return data.to_dict("records")
    if hasattr(data, "tolist"):
        return data.tolist()
    return data


def address(options: Mapping[str, Any], row: Any) -> str | None:
    """The query string that asks for one row's prediction.

    Parameters
    ----------
    options : mapping
        ``model`` and whichever of ``version``, ``alias``, ``top_k`` are given.
    row : mapping or sequence
        Features by name, or in the order of the version's features.

    Returns
    -------
    str or None
        None where only a POST can say it: an empty text (in an address that is a missing value), or one too long.
    """
    pairs = [(key, str(value)) for key, value in options.items()]
    if isinstance(row, Mapping):
        if any(value == "" for value in row.values()):
            return None
        pairs += [(query_name(str(name)), cell(value)) for name, value in row.items()]
    else:
        if any(value == "" for value in row):
            return None
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow([cell(value) for value in row])
        pairs.append(("x", line.getvalue()))
    query = urlencode(pairs)
    return query if len(query) + len("/predict?") <= LONGEST_ADDRESS else None


def query_name(column: str) -> str:
    """A column's parameter: its own name, or ``feature.<name>`` where that would mean something else."""
    return f"feature.{column}" if column in RESERVED or column.startswith("feature.") else column


def cell(value: Any) -> str:
    """A value as the text of a query parameter; None is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def is_one_row(rows: Any) -> bool:
    """Whether ``rows`` is one row (a mapping, or a sequence of values) and not a sequence of rows."""
    if isinstance(rows, Mapping):
        return True
    return not any(isinstance(row, Mapping) or (isinstance(row, Sequence) and not isinstance(row, str)) for row in rows)


def body(options: Mapping[str, Any], rows: Sequence[Any]) -> dict[str, Any]:
    """The JSON body that asks for predictions of many rows: ``records`` of mappings, else ``rows``."""
    key = "records" if rows and isinstance(rows[0], Mapping) else "rows"
    return {**options, key: list(rows)}
