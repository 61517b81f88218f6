"""A strict reader of JSON bodies: what other readers let pass, or fall over, is refused with its place.

Refused: nesting beyond a limit (checked before parsing, so that no depth can exhaust the stack), a key twice in an
object, NaN and Infinity, numbers of too many characters or beyond a double, lone surrogates, bytes that are not UTF-8.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

from service.problems import Problem, pointer, problem_at

# One string, or one bracket outside of strings. Possessive, so that a text without an end cannot backtrack.
_BRACKET = re.compile(rb'"[^"]*+"|[\[\]{}]')
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[-+0-9.eE]++', re.DOTALL)
_NOT_STRUCTURE = bytes(set(range(256)) - set(b'"[]{}'))
DIGITS_ALIKE = bytes.maketrans(b"123456789E", b"000000000e")


def read_json(data: bytes, *, max_depth: int, max_digits: int) -> Any:
    """The value that the bytes mean.

    Parameters
    ----------
    data : bytes
        A JSON text in UTF-8.
    max_depth : int
        Deepest nesting of arrays and objects.
    max_digits : int
        Most characters of one number.

    Raises
    ------
    Problem
        400 ``invalid_json``, ``not_utf8``, ``json_too_deep``, ``duplicate_key``, ``not_finite``,
        ``number_too_long`` or ``lone_surrogate``; 422 ``number_out_of_range``.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        detail = f"The body is not UTF-8: byte {error.start} cannot be read."
        raise Problem("not_utf8", detail) from None
    check_depth(data, max_depth)
    alike = data.translate(DIGITS_ALIKE)  # what is looked for in it is found at the speed of memory
    _check_digits(text, alike, max_digits)
    reader = _Reader()
    try:
        value = json.loads(text, object_pairs_hook=reader.object, parse_constant=reader.constant)
    except json.JSONDecodeError as error:
        detail = f"The body is not JSON: {error.msg.lower()} (line {error.lineno}, column {error.colno})."
        raise Problem("invalid_json", detail) from None
    if reader.repeated:
        _refuse_repeated(value, reader)
    if reader.constants:
        place = _place(value, lambda found: isinstance(found, float) and not math.isfinite(found))
        raise problem_at("not_finite", "NaN and Infinity are not JSON; write null for a missing value.", pointer=place)
    # Signs of a number beyond a double and of half a character; they may stand in strings, so a closer look decides.
    if b"e000" in alike or b"e+000" in alike or b"0" * 300 in alike:
        place = _place(value, lambda found: isinstance(found, float) and not math.isfinite(found))
        if place is not None:
            raise problem_at("number_out_of_range", "The number is too large for a double.", pointer=place)
    if b"\\ud" in data or b"\\uD" in data:
        place = _place(value, lambda found: isinstance(found, str) and not _is_whole(found))
        if place is not None:
            raise problem_at("lone_surrogate", "The string holds one half of a surrogate pair.", pointer=place)
    return value


class _Reader:
    """Hooks of the standard parser that note what it would let pass."""

    def __init__(self) -> None:
        self.repeated: dict[int, str] = {}  # id of an object → the key that it repeats
        self.constants = False

    def object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    self.repeated[id(found)] = key
                    break
                seen.add(key)
        return found

    def constant(self, name: str) -> float:
        self.constants = True
        return math.nan if name == "NaN" else math.inf


def check_depth(data: bytes, max_depth: int) -> None:
    """Refuse JSON text that is nested deeper than that, before it is parsed: 400 ``json_too_deep``."""
    if data.count(b"[") + data.count(b"{") <= max_depth:
        return
    if b"\\" in data:  # after this every quote begins or ends a string
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    # Two quotes side by side can go: what stands before and after them is as much inside of a string as before.
    skeleton = data.translate(None, _NOT_STRUCTURE).replace(b'""', b"")
    depth = 0
    for match in _BRACKET.finditer(skeleton):
        sign = match[0]
        if sign in b"[{":
            depth += 1
            if depth > max_depth:
                raise Problem("json_too_deep", f"The body is nested more than {max_depth} deep.")
        elif sign in b"]}":
            depth -= 1


def _check_digits(text: str, alike: bytes, max_digits: int) -> None:
    # A number has at most three runs of digits beside a few signs, so a long one has a run of this length.
    if b"0" * ((max_digits - 4) // 3) not in alike:
        return
    for match in _TOKEN.finditer(text):
        if len(match[0]) > max_digits and match[0][0] != '"':
            raise Problem("number_too_long", f"A number has {len(match[0])} characters; at most {max_digits} are read.")


def _refuse_repeated(value: Any, reader: _Reader) -> None:
    for path, found in _walk(value, ()):
        if id(found) in reader.repeated and isinstance(found, dict):
            key = reader.repeated[id(found)]
            raise problem_at("duplicate_key", f"The key {key!r} stands twice.", pointer=pointer(*path, key))
    # The object with the repeated key was itself a repeated key's earlier value.
    key = next(iter(reader.repeated.values()))
    raise Problem("duplicate_key", f"The key {key!r} stands twice.")


def _place(value: Any, wanted: Callable[[Any], bool]) -> str | None:
    """Pointer of the first value or key that is wanted."""
    for path, found in _walk(value, ()):
        if wanted(found):
            return pointer(*path)
        if isinstance(found, dict) and any(wanted(key) for key in found):
            return pointer(*path)
    return None


def _walk(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk(inner, (*path, index))


def _is_whole(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)
