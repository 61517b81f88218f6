"""The roots of all request models: strict bodies, and queries whose values are text."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Body(BaseModel):
    """A JSON body: no field unknown, no value of another type taken for the right one."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Query(BaseModel):
    """A query string: no parameter unknown; numbers and booleans are read from text."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Path(BaseModel):
    """The variable parts of a path."""

    model_config = ConfigDict(frozen=True)


class Answer(BaseModel):
    """What an answer looks like: documents it, and validates it in tests."""

    model_config = ConfigDict(extra="forbid")


Limit = Annotated[int, Field(ge=1, le=500, description="Most items in the answer.")]
Cursor = Annotated[str | None, Field(max_length=200, description="`next_cursor` of the page before.")]


class PageQuery(Query):
    """Which page of a list."""

    limit: Limit = 50
    cursor: Cursor = None
