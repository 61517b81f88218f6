"""Rows of text (a CSV file, a command line) as the JSON values that ``POST /predict`` takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

MOST_ROWS = 10_000
"""Rows of one ``POST /predict``."""

_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


class NotAValue(Exception):
    """A text that is no value of its column; the message has row and column."""


def typed(rows: Iterable[Mapping[str, str]], features: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Give each feature the type that the model version's schema says; other columns stay text.

    Parameters
    ----------
    rows : iterable of mapping
        Column to text; empty is missing.
    features : sequence of mapping
        ``schema.features`` of a version: ``name``, ``type``.

    Raises
    ------
    NotAValue
    """
    types = {str(feature["name"]): str(feature["type"]) for feature in features}
    for number, row in enumerate(rows, start=1):
        yield {name: _value(text, types.get(name, ""), number, name) for name, text in row.items()}


def _value(text: str | None, kind: str, row: int, column: str) -> Any:
    if text is None or not text.strip():
        return None
    if kind in ("number", "integer"):
        try:
            return int(text) if kind == "integer" else float(text)
        except ValueError:
            pass
        try:
            return float(text)
        except ValueError:
            raise NotAValue(f"Row {row}, column {column}: {text!r} is not a number.") from None
    if kind == "boolean":
        try:
            return _BOOLEANS[text.strip().lower()]
        except KeyError:
            raise NotAValue(f"Row {row}, column {column}: {text!r} is neither true nor false.") from None
    return text
