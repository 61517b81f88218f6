"""The shapes of the service's answers, for type checkers and completion.

At run time these are plain dicts, straight from JSON, so that a field which a newer service adds is simply there.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, TypedDict

Cell: TypeAlias = str | int | float | bool | None
JobStatus: TypeAlias = Literal["queued", "running", "succeeded", "failed", "cancelled"]


class _ColumnStatistics(TypedDict, total=False):
    min: float | None
    max: float | None
    mean: float | None
    std: float | None
    categories: list[str]


class Column(_ColumnStatistics):
    """A column of a dataset."""

    name: str
    type: str
    role: str
    missing: int
    query_name: str


class Dataset(TypedDict):
    """A version of a dataset."""

    id: str
    name: str
    version: int
    rows: int
    columns: list[Column]
    warnings: list[dict[str, Any]]
    bytes: int
    sha256: str
    created_at: str


class Progress(TypedDict):
    """How far a job is, a search in trials, a prediction in rows; times in seconds."""

    epoch: int
    epochs: int
    fraction: float
    eta_seconds: float | None
    samples_per_second: float | None


class HistoryItem(TypedDict):
    """One epoch's report; losses averaged over examples, seconds of that epoch."""

    epoch: int
    train_loss: float
    validation_loss: float | None
    train_score: float | None
    validation_score: float | None
    learning_rate: float
    gradient_norm: float
    seconds: float


class JobError(TypedDict):
    """Why a job failed."""

    code: str
    detail: str
    hint: str | None


class Job(TypedDict):
    """One request for work."""

    id: str
    kind: Literal["train", "predict", "search"]
    status: JobStatus
    cancel_requested: bool
    progress: Progress
    latest: HistoryItem | None
    best_epoch: int | None
    error: JobError | None
    cross_validation: dict[str, Any] | None
    search: dict[str, Any] | None
    trial: dict[str, Any] | None
    attempts: int
    config: dict[str, Any]
    dataset: dict[str, Any]
    model: dict[str, Any]
    result: str | None
    warnings: list[dict[str, Any]]
    links: dict[str, str]
    created_at: str
    started_at: str | None
    finished_at: str | None


class Trial(TypedDict):
    """One trial of a search; `params` by the setting's path in the request."""

    number: int
    state: Literal["queued", "running", "complete", "pruned", "failed", "cancelled"]
    value: float | None
    params: dict[str, Any]
    job: str
    epoch: int
    epochs: int
    best_epoch: int | None
    error: JobError | None
    started_at: str | None
    finished_at: str | None


class Model(TypedDict, total=False):
    """A model's name and what stands behind it."""

    name: str
    tags: dict[str, str]
    description: str | None
    created_at: str


class Version(TypedDict):
    """An immutable version of a model."""

    model: str
    version: int
    created_at: str
    sha256: str
    config: dict[str, Any]
    schema: dict[str, Any]
    metrics: dict[str, Any]
    importances: dict[str, Any] | None
    best_epoch: int | None
    dataset: dict[str, Any]
    job: Any
    lineage: dict[str, Any]
    parameters: int
    tags: Any


class Alias(TypedDict):
    """A movable name for a version."""

    model: str
    alias: str
    version: int
    updated_at: str


class Move(Alias):
    """Where an alias points after a request to move it; its version is None where there is no such alias."""

    moved: bool
    comparison: dict[str, Any] | None


class Comparison(TypedDict):
    """The metrics of a model's versions side by side."""

    model: str
    reference: dict[str, Any] | None
    versions: list[dict[str, Any]]
    metrics: list[dict[str, Any]]


class Prediction(TypedDict, total=False):
    """One row's prediction; which keys there are depends on the task."""

    label: Cell
    labels: list[Cell]
    probabilities: dict[str, float]
    value: float
    values: dict[str, float]


class Predictions(TypedDict):
    """An answer of ``/predict``: which version answered and why, and one prediction for each row."""

    model: str
    version: int
    selected_by: Literal["version", "alias", "champion", "newest"]
    predictions: list[Prediction]
    warnings: list[dict[str, Any]]


class StatusEvent(TypedDict, total=False):
    """The data of an ``event: status``."""

    status: JobStatus
    progress: Progress
    error: JobError
    model: dict[str, Any]
    result: str
