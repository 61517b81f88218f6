"""Pages of lists: an opaque cursor that says where the next one begins."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from service.problems import problem_at

Row = TypeVar("Row")


def page(rows: Sequence[Row], limit: int, shown: Callable[[Row], Any], place: Callable[[Row], Any]) -> dict[str, Any]:
    """A page of a list that was asked for `limit` + 1 rows, so that it knows whether more follow.

    Parameters
    ----------
    shown : callable
        A row as JSON.
    place : callable
        Where a row stands in the list's order: JSON that `read_cursor` gives back.
    """
    more = len(rows) > limit
    rows = rows[:limit]
    return {"items": [shown(row) for row in rows], "next_cursor": write_cursor(place(rows[-1])) if more else None}


def write_cursor(place: Any) -> str:
    """The place as an opaque text."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def read_cursor(cursor: str | None, *kinds: type) -> Any:
    """The place that a cursor names; None without one.

    Parameters
    ----------
    kinds : type
        What the place is made of: one type for a single value, several for a list of values.

    Raises
    ------
    Problem
        422 ``invalid_cursor``.
    """
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        place = json.loads(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        place = None
    values = place if isinstance(place, list) else [place]
    if len(values) != len(kinds) or any(type(value) is not kind for value, kind in zip(values, kinds, strict=True)):
        raise problem_at("invalid_cursor", "The cursor is not one that this list gave.", parameter="cursor")
    return place
