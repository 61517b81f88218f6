"""Drift: how it is asked for and shown."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from service.schemas.base import WHOLE, Answer, Query


class DriftQuery(Query):
    """Of which version, and since when."""

    version: Annotated[
        Annotated[int, Field(ge=1, lt=2**31), WHOLE] | None, Field(description="Else the one that answers.")
    ] = None
    since: Annotated[str | None, Field(max_length=40)] = Field(
        None, description="Only predictions from then on: an RFC 3339 time such as `2026-01-31T12:00:00Z`."
    )


class BinShares(Answer):
    """Which share of the rows lies in a bin."""

    bin: str
    training: float
    predicted: float


class ColumnDriftAnswer(Answer):
    """How far one column has moved."""

    name: str
    psi: float = Field(description="Population stability index, nats.")
    statistic: float = Field(description="Pearson's chi-square of the two samples, rare bins pooled.")
    degrees_of_freedom: int
    p_value: float
    drifted: bool
    bins: list[BinShares]


class DriftThresholds(Answer):
    """A column has drifted from this index on, where its p-value is below this one."""

    psi: float
    p_value: float


class DriftAnswer(Answer):
    """A version's logged predictions beside its training rows."""

    model: str
    version: int
    selected_by: Literal["version", "alias", "champion", "newest"]
    since: str | None
    rows: int = Field(description="How many logged predictions were compared, the newest.")
    first_at: str
    last_at: str
    outputs_of: Literal["validation", "train"] = Field(description="Which rows the outputs are compared with.")
    thresholds: DriftThresholds
    drifted: list[str]
    features: list[ColumnDriftAnswer]
    outputs: list[ColumnDriftAnswer]
