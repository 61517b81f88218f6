"""Aliases: how they are asked for and shown."""

from __future__ import annotations

from pydantic import Field

from service.schemas.base import Answer, Body, Path


class AliasPath(Path):
    """An alias of a model."""

    model: str = Field(description="The model's name.")
    alias: str = Field(description="The alias, such as `champion`.")


class MoveRequest(Body):
    """Where an alias should point."""

    version: int = Field(ge=1, le=2**31 - 1, description="The number of a version of the model.")


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
    moved_at: str


class AliasHistoryPage(Answer):
    """A page of an alias's moves, newest first."""

    items: list[AliasMoveAnswer]
    next_cursor: str | None
