"""The header Idempotency-Key: how it is documented and read."""

from __future__ import annotations

from typing import Any

from service.problems import problem_at

MOST_CHARACTERS = 255
KEY_PARAMETER: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": MOST_CHARACTERS, "pattern": "^[ -~]+$"},
    "description": "The same key with the same body: the same answer.",
}


def key_of(header: str | None) -> str | None:
    """The key that a request carries.

    Raises
    ------
    Problem
        422 ``invalid_value``.
    """
    if header is None:
        return None
    if not 1 <= len(header) <= MOST_CHARACTERS or not header.isascii() or not header.isprintable():
        detail = f"An Idempotency-Key has 1 to {MOST_CHARACTERS} printable ASCII characters."
        raise problem_at("invalid_value", detail, parameter="Idempotency-Key")
    return header
