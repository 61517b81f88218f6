"""Aliases: how they are asked for and shown."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from service.schemas.base import NO_NUL, Answer, Body, Path

Reason = Annotated[Annotated[str, Field(max_length=1000), NO_NUL] | None, Field(description="Kept with the move.")]


class AliasPath(Path):
    """An alias of a model."""

    model: str = Field(description="The model's name.")
    alias: str = Field(description="The alias, such as `champion`.")


class MoveRequest(Body):
    """Where an alias should point."""

    version: int = Field(ge=1, le=2**31 - 1, description="The number of a version of the model.")
    reason: Reason = None


class RollbackRequest(Body):
    """Why an alias goes back."""

    reason: Reason = None


class AliasAnswer(Answer):
    """A movable name for a version."""

    model: str
    alias: str
    version: int
    updated_at: str


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
