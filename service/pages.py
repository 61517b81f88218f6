"""Pages of lists: an opaque cursor that says where the next one begins."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from service.problems import Problem, problem_at
from store.ids import is_name, looks_like_id

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


def read_cursor(cursor: str | None, *parts: Callable[[Any], bool]) -> Any:
    """The place that a cursor names; None without one.

    A cursor may be of anybody's making, so each part is checked before a database sees it.

    Parameters
    ----------
    parts : callable
        What each part of the place is, as one of the functions below: one for a single value, several for a list.

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
    values = place if isinstance(place, list) and len(parts) > 1 else [place]
    if len(values) != len(parts) or not all(fits(value) for value, fits in zip(values, parts, strict=True)):
        raise invalid_cursor()
    return place


def invalid_cursor() -> Problem:
    """The problem of a cursor that the list did not give."""
    return problem_at("invalid_cursor", "The cursor is not one that this list gave.", parameter="cursor")


def an_id(value: Any) -> bool:
    """Whether the value is an id."""
    return isinstance(value, str) and looks_like_id(value)


def a_name(value: Any) -> bool:
    """Whether the value is a name."""
    return isinstance(value, str) and is_name(value)


def a_count(value: Any) -> bool:
    """Whether the value is a positive integer that a column can hold."""
    return type(value) is int and 1 <= value < 2**31


def a_time(value: Any) -> bool:
    """Whether the value is a finite number of seconds."""
    return type(value) is float and math.isfinite(value)


def a_long_count(value: Any) -> bool:
    """Whether the value is a positive integer that a column of 64 bits can hold."""
    return type(value) is int and 1 <= value < 2**63
