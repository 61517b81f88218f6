"""A query string's parameters, read strictly: each stands once, in UTF-8."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from service.problems import Problem, problem_at


def read_query(query: str) -> dict[str, str]:
    """The parameters by name, in their order.

    Raises
    ------
    Problem
        422 ``repeated_parameter``; 400 ``invalid_address`` where the text is not UTF-8 or holds NUL.
    """
    found: dict[str, str] = {}
    for part in query.split("&"):
        if not part:
            continue
        name, _, value = part.partition("=")
        name, value = decoded(name), decoded(value)
        if name in found:
            raise problem_at("repeated_parameter", f"The parameter {name!r} stands twice.", parameter=name)
        found[name] = value
    return found


def decoded(text: str) -> str:
    if "%" not in text and "+" not in text and text.isascii():
        return text
    raw = text.replace("+", " ")
    try:
        decoded = unquote_to_bytes(raw.encode("latin-1")).decode("utf-8")
    except UnicodeError:
        raise Problem("invalid_address", "The query string is not UTF-8 after percent-decoding.") from None
    if "\x00" in decoded:
        raise Problem("invalid_address", "The query string holds a NUL character.")
    return decoded
