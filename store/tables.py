"""The tables of the work: typed rows of projects, datasets, jobs, and their histories.

Times are seconds since the epoch by the database's clock (`store.clock`). JSON columns hold what is read
whole and never queried. Large bytes (`weights`, `checkpoint_blobs`) have tables of their own, so that no list
loads them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Base
from store.clock import now

DEFAULT_PROJECT = "default"

DATASET_STATUSES = ("uploading", "ready", "deleted")
JOB_KINDS = ("train", "predict", "search")
JOB_STATUSES = ("queued", "running", "succeeded", "failed", "cancelled")
UNFINISHED = ("queued", "running")
ENDED = ("succeeded", "failed", "cancelled")


def one_of(column: str, values: tuple[str, ...]) -> str:
    """The SQL of a CHECK that a column has one of these values."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class ProjectRow(Base):
    """Who owns names: `default` until there are keys."""

    __tablename__ = "projects"
    id: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[float] = mapped_column(server_default=now())


class DatasetRow(Base):
    """One version of an uploaded table; its file is `blob_key` below the data URL."""

    __tablename__ = "datasets"
    __table_args__ = (
        # A row that is `uploading` has no version yet; a deleted one keeps its own, so that no number is reused.
        UniqueConstraint("project_id", "name", "version"),
        CheckConstraint(one_of("status", DATASET_STATUSES), name="status"),
        Index(None, "project_id", "status", "id"),
        Index(None, "status", "lease_expires_at"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column()
    version: Mapped[int | None] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(default="uploading")
    lease_expires_at: Mapped[float | None]
    blob_key: Mapped[str]
    rows: Mapped[int] = mapped_column(BigInteger, default=0)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    sha256: Mapped[str | None] = mapped_column(String(64))  # of the table's content: equal content, equal digest
    columns: Mapped[list[Any]] = mapped_column(default=list)
    warnings: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[float] = mapped_column(server_default=now())
    deleted_at: Mapped[float | None]


class JobRow(Base):
    """One request for work: the truth about it; a broker message only says "look at it"."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint(one_of("status", JOB_STATUSES), name="status"),
        CheckConstraint(one_of("kind", JOB_KINDS), name="kind"),
        Index(None, "project_id", "id"),
        Index(None, "project_id", "model_name", "id"),
        Index(None, "status", "lease_expires_at"),
        Index(None, "status", "published_at"),
        Index(None, "dataset_id", "status"),
        Index(None, "search_id", "trial", unique=True),  # a search asks for each trial once
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"))
    kind: Mapped[str] = mapped_column(default="train")
    status: Mapped[str] = mapped_column(default="queued")
    # what is asked
    config: Mapped[dict[str, Any]]
    dataset_id: Mapped[str] = mapped_column()  # no foreign key: lineage outlives the dataset
    dataset_name: Mapped[str] = mapped_column()
    dataset_version: Mapped[int] = mapped_column(Integer)
    dataset_sha256: Mapped[str] = mapped_column(String(64))
    model_name: Mapped[str | None]
    retry_of: Mapped[str | None]
    search_id: Mapped[str | None]  # of a trial
    trial: Mapped[int | None] = mapped_column(Integer)  # a trial's number, from 0; of a search: its best trial's
    # the protocol
    token: Mapped[int] = mapped_column(BigInteger, default=0)
    lease_expires_at: Mapped[float | None]
    published_at: Mapped[float | None]
    worker: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    claimed_seconds: Mapped[float] = mapped_column(default=0.0)  # of all its claims, the present lease to its end
    advanced: Mapped[bool] = mapped_column(default=False)  # a new epoch or a checkpoint since the claim
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    cancel_keep: Mapped[str | None] = mapped_column(String(8))
    checkpoint_id: Mapped[str | None]
    # what is seen
    epoch: Mapped[int] = mapped_column(Integer, default=0)
    epochs: Mapped[int] = mapped_column(Integer, default=0)
    best_epoch: Mapped[int | None] = mapped_column(Integer)
    samples_per_second: Mapped[float | None]
    eta_seconds: Mapped[float | None]
    warnings: Mapped[list[Any]] = mapped_column(default=list)
    fingerprint: Mapped[dict[str, Any] | None]
    bit_identical: Mapped[bool] = mapped_column(default=True)  # false once it went on under another fingerprint
    error: Mapped[dict[str, Any] | None]
    cross_validation: Mapped[dict[str, Any] | None]
    trial_value: Mapped[float | None]  # what the trial came to; of a search: its best trial
    model_version: Mapped[int | None] = mapped_column(Integer)  # what it has published; of a prediction: what answers
    result_id: Mapped[str | None]  # of a prediction that succeeded: the dataset that it made
    created_at: Mapped[float] = mapped_column(server_default=now())
    started_at: Mapped[float | None]
    finished_at: Mapped[float | None]


class EpochReportRow(Base):
    """One row of a job's loss history (the fields' meaning: `core.training.EpochReport`)."""

    __tablename__ = "epoch_reports"
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    epoch: Mapped[int] = mapped_column(Integer, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"))
    train_loss: Mapped[float]
    validation_loss: Mapped[float | None]
    train_score: Mapped[float | None]
    validation_score: Mapped[float | None]
    learning_rate: Mapped[float]
    gradient_norm: Mapped[float]
    seconds: Mapped[float]


class CheckpointBlobRow(Base):
    """The bytes of one checkpoint; the one in force is named by `jobs.checkpoint_id`, others are swept."""

    __tablename__ = "checkpoint_blobs"
    id: Mapped[str] = mapped_column(primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"))
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    data: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[float] = mapped_column(server_default=now(), index=True)


class IdempotencyRow(Base):
    """The answer that an `Idempotency-Key` was given: which body, which job."""

    __tablename__ = "idempotency_keys"
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    route: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    body_sha256: Mapped[str] = mapped_column(String(64))
    resource_id: Mapped[str] = mapped_column()
    created_at: Mapped[float] = mapped_column(server_default=now(), index=True)
