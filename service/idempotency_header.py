"""The header Idempotency-Key: how it is documented and read."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from service.problems import problem_at

MOST_CHARACTERS = 255
_FORM = {"type": "string", "minLength": 1, "maxLength": MOST_CHARACTERS, "pattern": "^[ -~]+$"}


class KeyHeader(BaseModel):
    """The header as the OpenAPI layer documents it beside a route's other parameters; `key_of` refuses a bad one."""

    model_config = ConfigDict(frozen=True)  # the other headers are passed over

    key: Annotated[str | None, WithJsonSchema(_FORM)] = Field(
        None, alias="Idempotency-Key", description="The same key with the same body: the same answer."
    )


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
