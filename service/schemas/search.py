"""Searches of hyper-parameters: names and types here, ranges in `core.search_config` and `core.search_space`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from core.search_space import MAX_PARAMETERS
from service.schemas.base import Answer, Body, Items, most_keys

ChoiceValue = str | bool | int | float | Items[int] | None


class FloatParameter(Body):
    """A number from low to high."""

    type: Literal["float"]
    low: float
    high: float
    log: bool = Field(False, description="Spread evenly in the logarithm.")


class IntParameter(Body):
    """An integer from low to high, both included."""

    type: Literal["int"]
    low: int
    high: int
    log: bool = Field(False, description="Spread evenly in the logarithm.")


class ChoiceParameter(Body):
    """One of several values."""

    type: Literal["choice"]
    choices: Items[ChoiceValue] = Field(description="1 to 100 JSON values, such as [64] and [128, 64].")


ParameterRequest = Annotated[FloatParameter | IntParameter | ChoiceParameter, Field(discriminator="type")]


class SamplerRequest(Body):
    """Who chooses the values."""

    name: str = Field("tpe", description="tpe (tree-structured Parzen estimator), random, or grid (choices and ints).")
    startup_trials: int = Field(10, description="tpe: so many random trials first.")


class PrunerRequest(Body):
    """When a trial is ended early: it is worse than the finished ones were by the same epoch."""

    name: str = Field("median", description="median or percentile.")
    percentile: float | None = Field(None, description="percentile: how many % go on, above 0, below 100. Default: 50.")
    startup_trials: int = Field(5, description="So many trials finish before any is pruned.")
    warmup_epochs: int = Field(10, description="No trial is judged before this epoch.")
    interval_epochs: int = Field(5, description="Trials are judged after epochs that are multiples of this.")


class SearchRequest(Body):
    """Trials of a training that differ in some settings; the best one becomes the version."""

    trials: int = Field(20, description="How many, at most 1,000.")
    parallelism: int = Field(2, description="How many at a time, at most 100. At 1 the whole search is reproducible.")
    metric: str | None = Field(
        None, description="What is compared, at each trial's best epoch. Default: what early stopping watches."
    )
    sampler: SamplerRequest = SamplerRequest()
    pruner: PrunerRequest | None = None
    space: Annotated[dict[str, ParameterRequest], most_keys(MAX_PARAMETERS)] | None = Field(
        None, description="By the setting's path in the request, such as optimizer.learning_rate. Default: a usual one."
    )


class SearchOfJob(Answer):
    """A search, and the best that it has found."""

    metric: str
    direction: Literal["minimize", "maximize"]
    sampler: str
    pruner: str | None
    trials: int
    parallelism: int
    best_trial: int | None
    best_value: float | None


class TrialOfJob(Answer):
    """Which trial a job is."""

    search: str
    number: int
    value: float | None
    params: dict[str, ChoiceValue]


class JobError(Answer):
    """Why a job failed."""

    code: str
    detail: str
    hint: str | None = None


class TrialItem(Answer):
    """One trial of a search."""

    number: int
    state: Literal["queued", "running", "complete", "pruned", "failed", "cancelled"]
    value: float | None
    params: dict[str, ChoiceValue]
    job: str
    epoch: int
    epochs: int
    best_epoch: int | None
    error: JobError | None
    started_at: str | None
    finished_at: str | None


class TrialPage(Answer):
    """A page of trials, by their number."""

    items: list[TrialItem]
    next_cursor: str | None
