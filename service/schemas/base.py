"""The roots of all request models: strict bodies, and queries whose values are text."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, FailFast, Field, model_validator

_MOST_UNKNOWN = 100
Item = TypeVar("Item")


class _FirstOnly(FailFast):
    """Pydantic's own mark, such that it can stand in a union."""

    __hash__ = object.__hash__


Items = Annotated[list[Item], _FirstOnly()]  # told of by its first bad item, however many there are


class Body(BaseModel):
    """A JSON body: no field unknown, no value of another type taken for the right one."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _with_few_unknown_fields(cls, value: Any) -> Any:
        """Of very many unknown fields the first only: each makes an error, and they are not all told."""
        if not isinstance(value, dict) or len(value) <= len(cls.model_fields) + _MOST_UNKNOWN:
            return value
        unknown = islice((name for name in value if name not in cls.model_fields), _MOST_UNKNOWN)
        return {name: value[name] for name in (*cls.model_fields, *unknown) if name in value}


class Query(BaseModel):
    """A query string: no parameter unknown; numbers and booleans are read from text."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Path(BaseModel):
    """The variable parts of a path."""

    model_config = ConfigDict(frozen=True)


class Answer(BaseModel):
    """What an answer looks like: documents it, and validates it in tests."""

    model_config = ConfigDict(extra="forbid")


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("The text holds a NUL character.")  # which not every database takes
    return text


Text = Annotated[str, AfterValidator(_no_nul)]
Limit = Annotated[int, Field(ge=1, le=500, description="Most items in the answer.")]
Cursor = Annotated[str | None, Field(max_length=200, description="`next_cursor` of the page before.")]


class PageQuery(Query):
    """Which page of a list."""

    limit: Limit = 50
    cursor: Cursor = None
