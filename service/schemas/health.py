"""The shapes of the health answers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from service.schemas.base import Answer


class HealthAnswer(Answer):
    """The process lives."""

    status: Literal["ok"]


class ReadyAnswer(Answer):
    """The process can work; else 503 says which part is away."""

    status: Literal["ready"]
    database: Literal["ok"]
    schema_: Literal["ok"] = Field(alias="schema")
    broker: Literal["ok"]
