"""The roots of all request models: strict bodies, and queries whose values are text."""

from __future__ import annotations

import re
from itertools import islice
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    FailFast,
    Field,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from store.ids import NAME

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


def _decimal(value: Any) -> Any:
    # Pydantic reads " 5", "5.0" and "05" as 5 too: one number would have many addresses.
    if isinstance(value, str) and not re.fullmatch(r"-?(0|[1-9][0-9]{0,99})", value):
        raise PydanticCustomError("int_parsing", "The value should be an integer")
    return value


WHOLE = BeforeValidator(_decimal)  # of numbers in an address; after their bounds, or the document would not tell them


def most_keys(most: int) -> BeforeValidator:
    """Refuse an object of more keys before each of them is looked at."""

    def check(value: Any) -> Any:
        if isinstance(value, dict) and len(value) > most:
            raise PydanticCustomError("too_long", "The object should have at most {most} keys", {"most": most})
        return value

    return BeforeValidator(check)


NO_NUL = AfterValidator(_no_nul)
Limit = Annotated[int, Field(ge=1, le=500, description="Most items in the answer."), WHOLE]
# The documents tell their form; `service.pages` and `service.store_problems` refuse another by its own code.
_CURSOR = WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[A-Za-z0-9_-]+$"})
Cursor = Annotated[Annotated[str, _CURSOR] | None, Field(description="`next_cursor` of the page before.")]
NAME_FORM = {"type": "string", "pattern": f"^{NAME.pattern}$"}
Name = Annotated[str, WithJsonSchema(NAME_FORM)]


class PageQuery(Query):
    """Which page of a list."""

    limit: Limit = 50
    cursor: Cursor = None
