"""The shape of an error answer."""

from __future__ import annotations

from pydantic import Field

from service.schemas.base import Answer


class ErrorPlace(Answer):
    """One error and its place."""

    pointer: str | None = Field(None, description="JSON pointer into the body.")
    parameter: str | None = Field(None, description="Query parameter, header or form field.")
    row: int | None = Field(None, description="Data row of a table, from 1.")
    column: str | None = Field(None, description="Column of a table.")
    code: str
    detail: str


class ProblemAnswer(Answer):
    """RFC 9457 problem details; clients switch on `code`."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[ErrorPlace] | None = Field(None, max_length=20)
