"""Jobs: how they are asked for and shown."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from service.schemas.base import WHOLE, Answer, Body, Cursor, Limit, Name, Path, Query
from service.schemas.datasets import TableWarning
from service.schemas.search import JobError, SearchOfJob, TrialOfJob

JobStatus = Literal["queued", "running", "succeeded", "failed", "cancelled"]
JobKind = Literal["train", "predict", "search"]


class JobPath(Path):
    """A job by its id."""

    job: str = Field(description="The job's id.")


class JobsQuery(Query):
    """Which jobs."""

    limit: Limit = 50
    cursor: Cursor = None
    status: JobStatus | None = None
    model: Name | None = None
    kind: JobKind | None = None
    dataset: str | None = Field(None, description="A dataset's id, its name (any version), or `name@version`.")


class HistoryQuery(Query):
    """Which epochs."""

    after_epoch: Annotated[int, Field(ge=0, le=2**31 - 1), WHOLE] = Field(0, description="Only epochs above this one.")
    limit: Annotated[int, Field(ge=1, le=10_000), WHOLE] = Field(500, description="Most items in the answer.")
    points: Annotated[int, Field(ge=2, le=10_000), WHOLE] | None = Field(
        None, description="Thin to so many, keeping the extremes."
    )


class CancelRequest(Body):
    """What becomes of a running job's network."""

    keep: Literal["best", "last"] | None = Field(None, description="Publish it as a version all the same.")


class EpochItem(Answer):
    """One epoch of a loss history."""

    epoch: int
    train_loss: float
    validation_loss: float | None
    train_score: float | None
    validation_score: float | None
    learning_rate: float
    gradient_norm: float
    seconds: float


class Progress(Answer):
    """How far a job is; a search counts its trials, a prediction its rows."""

    epoch: int
    epochs: int
    fraction: float
    eta_seconds: float | None
    samples_per_second: float | None


class DatasetOfJob(Answer):
    """The dataset version that a job reads."""

    id: str
    name: str
    version: int
    sha256: str


class ModelOfJob(Answer):
    """The model that a job trains; the version once it is published. Of a prediction: what answers."""

    name: str
    version: int | None


class JobAnswer(Answer):
    """One request for work."""

    id: str
    kind: JobKind
    status: JobStatus
    cancel_requested: bool
    progress: Progress
    latest: EpochItem | None
    best_epoch: int | None
    error: JobError | None
    attempts: int
    config: dict[str, Any]
    dataset: DatasetOfJob
    model: ModelOfJob | None
    result: str | None = Field(description="Of a prediction that succeeded: the dataset that it made.")
    warnings: list[TableWarning]
    cross_validation: dict[str, Any] | None = Field(description="How each fold scored, where it was asked for.")
    search: SearchOfJob | None = Field(description="Of a search: what it has found.")
    trial: TrialOfJob | None = Field(description="Of a trial: which one of which search.")
    links: dict[str, str | None]
    retry_of: str | None
    bit_identical: bool = Field(description="False once the job went on on another kind of machine.")
    created_at: str
    started_at: str | None
    finished_at: str | None


class JobPage(Answer):
    """A page of jobs, newest first."""

    items: list[JobAnswer]
    next_cursor: str | None


class HistoryAnswer(Answer):
    """A loss history, by epoch."""

    items: list[EpochItem]
