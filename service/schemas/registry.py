"""Models and their versions: how they are asked for and shown."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from service.schemas.base import Answer, Body, Path


class ModelPath(Path):
    """A model by its name."""

    model: str = Field(description="The model's name.")


class VersionPath(Path):
    """One version of a model."""

    model: str = Field(description="The model's name.")
    version: int = Field(ge=1, description="The version's number.")


class DescribeRequest(Body):
    """What may be changed of a model or a version."""

    tags: dict[str, str] | None = Field(None, max_length=100, description="Replaces all tags.")
    description: str | None = Field(None, max_length=10_000)


class ModelAnswer(Answer):
    """A model: a name with versions."""

    name: str
    task: str
    target: str | list[str]
    newest_version: int | None
    description: str
    tags: dict[str, str]
    created_at: str


class VersionAnswer(Answer):
    """An immutable version of a model."""

    model: str
    version: int
    created_at: str
    source: Literal["trained", "kept", "imported", "trial"]
    sha256: str
    config: dict[str, Any]
    schema_: dict[str, Any] = Field(alias="schema")
    metrics: dict[str, Any]
    best_epoch: int | None
    dataset: dict[str, Any]
    job: str | None
    parameters: int
    network: dict[str, Any]
    description: str
    tags: dict[str, str]


class ModelPage(Answer):
    """A page of models, newest first."""

    items: list[ModelAnswer]
    next_cursor: str | None


class VersionPage(Answer):
    """A page of versions, newest first."""

    items: list[VersionAnswer]
    next_cursor: str | None
