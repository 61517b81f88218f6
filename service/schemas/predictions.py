"""The log of predictions: how it is asked for and shown."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from service.schemas.base import WHOLE, Answer, PageQuery


class PredictionsQuery(PageQuery):
    """Which logged predictions."""

    version: Annotated[Annotated[int, Field(ge=1, lt=2**31), WHOLE] | None, Field(description="Of this one only.")] = (
        None
    )


class LoggedPrediction(Answer):
    """One row that was predicted."""

    version: int
    made_at: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]


class PredictionPage(Answer):
    """A page of logged predictions, newest first."""

    items: list[LoggedPrediction]
    next_cursor: str | None
