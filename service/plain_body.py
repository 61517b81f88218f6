"""A prediction body's plain case, parsed and typed in one pass; None is said to what is not plain.

What `service.json_body` refuses and this parser would take (a key twice, a number without an end) is found by counting
what stands in the bytes, and left to the former, which has the words for it.
"""

from __future__ import annotations

from itertools import chain
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, Struct, UnsetType

from service.json_body import DIGITS_ALIKE

_LONG_NUMBER = b"0" * 100  # in a text whose digits are all zeros
_BIGGEST = 2**31 - 1
Value = float | str | bool


class _Body(Struct, forbid_unknown_fields=True):
    model: str
    version: int | UnsetType = UNSET
    alias: str | UnsetType = UNSET
    rows: list[list[Value]] | UnsetType = UNSET
    records: list[dict[str, Value]] | UnsetType = UNSET


_decoder = msgspec.json.Decoder(_Body)


class PlainBody(NamedTuple):
    """A plain body: whom it asks, and its rows as lists, or as objects."""

    model: str
    version: int | None
    alias: str | None
    rows: list[list[Any]] | None
    records: list[dict[str, Any]] | None


def read_plain_body(data: bytes, *, max_rows: int) -> PlainBody | None:
    """The body, where it has the form of a `POST /predict` with neither options nor missing values."""
    try:
        body = _decoder.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return None
    rows = None if body.rows is UNSET else body.rows
    records = None if body.records is UNSET else body.records
    if (rows is None) == (records is None) or not 1 <= len(rows or records or ()) <= max_rows:
        return None
    version = None if body.version is UNSET else body.version
    alias = None if body.alias is UNSET else body.alias
    if version is not None and (alias is not None or not 1 <= version <= _BIGGEST):
        return None
    fields = 2 + (version is not None) + (alias is not None)
    keys = fields + (sum(map(len, records)) if records is not None else 0)
    if data.count(b":") != keys or _LONG_NUMBER in data.translate(DIGITS_ALIKE):
        return None
    return PlainBody(body.model, version, alias, rows, records)


def all_numbers(rows: list[list[Any]]) -> bool:
    """Whether every value is a number."""
    return set(map(type, chain.from_iterable(rows))) == {float}
