"""Versions side by side: how a comparison is asked for and shown."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, RootModel

from service.schemas.base import Answer, PageQuery
from service.schemas.registry import VersionPage

_NUMBER = "[1-9][0-9]{0,8}"
MOST_VERSIONS = 100


class VersionsQuery(PageQuery):
    """Which versions of a model, and in which form."""

    compare: bool = Field(default=False, description="Their metrics side by side instead of the versions themselves.")
    versions: Annotated[
        Annotated[str, Field(pattern=f"^{_NUMBER}(,{_NUMBER}){{0,{MOST_VERSIONS - 1}}}$")] | None,
        Field(description="Only these, as 1,3,4."),
    ] = None

    @property
    def numbers(self) -> list[int] | None:
        """The versions that are named."""
        return None if self.versions is None else [int(number) for number in self.versions.split(",")]


class ComparedVersion(Answer):
    """A version among those that are compared."""

    version: int
    source: Literal["trained", "kept", "imported", "trial"]
    created_at: str
    dataset: dict[str, Any] | None
    parameters: int
    part: Literal["test", "validation"] | None = Field(description="The rows that its metrics are of.")
    rows: int | None
    same_rows: bool = Field(description="Whether those are the very rows of the reference.")


class ComparedValue(Answer):
    """A metric of one version."""

    version: int
    value: float | None
    difference: float | None = Field(description="To the reference.")
    improvement: float | None = Field(description="The same, above 0 where it is better.")


class ComparedMetric(Answer):
    """A metric of all versions."""

    metric: str
    direction: Literal["minimize", "maximize"]
    best: list[int]
    values: list[ComparedValue]


class ReferenceAnswer(Answer):
    """The version that the others are measured against."""

    version: int
    selected_by: Literal["champion", "newest"]


class VersionComparison(Answer):
    """The metrics of versions side by side, newest first."""

    model: str
    reference: ReferenceAnswer | None
    versions: list[ComparedVersion]
    metrics: list[ComparedMetric]


class VersionsAnswer(RootModel[VersionPage | VersionComparison]):
    """A page of versions, or with `compare` their metrics side by side."""
