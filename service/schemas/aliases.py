"""Aliases: how they are asked for and shown."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from service.schemas.base import NO_NUL, Answer, Body, Name, Path

Reason = Annotated[Annotated[str, Field(max_length=1000), NO_NUL] | None, Field(description="Kept with the move.")]


class AliasPath(Path):
    """An alias of a model."""

    model: str = Field(description="The model's name.")
    alias: str = Field(description="The alias, such as `champion`.")


class MoveRequest(Body):
    """Where an alias should point."""

    version: int = Field(ge=1, le=2**31 - 1, description="The number of a version of the model.")
    reason: Reason = None
    if_better_than: Name | None = Field(None, description="Move only if it is better than where this alias points.")
    metric: str | None = Field(None, description="By which metric; it goes with `if_better_than`.")
    dataset: str | None = Field(None, description="Both are scored on it now. Default: the metrics that both brought.")
    min_improvement: float | None = Field(None, ge=0, le=1e30, description="By how much at least. Default: anything.")


class RollbackRequest(Body):
    """Why an alias goes back."""

    reason: Reason = None


class AliasAnswer(Answer):
    """A movable name for a version."""

    model: str
    alias: str
    version: int
    updated_at: str


class ScoreAnswer(Answer):
    """A version's score in a comparison."""

    version: int
    score: float


class ComparisonAnswer(Answer):
    """What a move depended on."""

    metric: str
    direction: Literal["minimize", "maximize"]
    on: Literal["dataset", "test", "validation"] = Field(description="The dataset named, or the rows both held out.")
    dataset: dict[str, Any]
    rows: int
    challenger: ScoreAnswer
    incumbent: ScoreAnswer
    improvement: float = Field(description="Of the challenger; below 0 where it is worse.")
    min_improvement: float


class MoveAnswer(Answer):
    """Where an alias points after a request to move it."""

    model: str
    alias: str
    version: int | None = Field(description="Null where there is no such alias, and the version was not better.")
    updated_at: str | None
    moved: bool
    comparison: ComparisonAnswer | None


class AliasList(Answer):
    """A model's aliases, by name."""

    items: list[AliasAnswer]


class AliasMoveAnswer(Answer):
    """One move of an alias."""

    version: int | None = Field(description="Null where the alias was taken away.")
    kind: Literal["move", "rollback", "delete"]
    reason: str | None
    moved_at: str


class AliasHistoryPage(Answer):
    """A page of an alias's moves, newest first."""

    items: list[AliasMoveAnswer]
    next_cursor: str | None
