"""The tables of the registry: models, their versions and weights, and the aliases that name versions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import JSON

from store.base import Base
from store.clock import now
from store.tables import one_of

VERSION_SOURCES = ("trained", "kept", "imported", "trial")


class ModelRow(Base):
    """A model's name: what it predicts, and the number that its next version gets.

    A deleted one stays, unseen, so that a version's number never comes to mean another network.
    """

    __tablename__ = "models"
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    task: Mapped[str] = mapped_column()
    target: Mapped[Any] = mapped_column(JSON(none_as_null=True))  # a column's name, or a list of names
    next_version: Mapped[int] = mapped_column(Integer, default=1)
    deleted_at: Mapped[float | None]
    log_sample: Mapped[float | None]  # which share of its predictions is logged; null: the setting's
    description: Mapped[str] = mapped_column(Text, default="")
    tags: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[float] = mapped_column(server_default=now())


class WeightsRow(Base):
    """The safetensors bytes of one model version."""

    __tablename__ = "weights"
    id: Mapped[str] = mapped_column(primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    data: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[float] = mapped_column(server_default=now(), index=True)


class ModelVersionRow(Base):
    """An immutable version of a model: its weights, its encoding, its scores, where it comes from."""

    __tablename__ = "model_versions"
    __table_args__ = (
        ForeignKeyConstraint(["project_id", "model_name"], ["models.project_id", "models.name"]),
        UniqueConstraint("job_id"),  # a job publishes at most one version
        CheckConstraint(one_of("source", VERSION_SOURCES), name="source"),
    )
    project_id: Mapped[str] = mapped_column(primary_key=True)
    model_name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    source: Mapped[str] = mapped_column()  # only `trained` ones answer without being named
    job_id: Mapped[str | None] = mapped_column()  # no foreign key: a version outlives its job
    weights_id: Mapped[str] = mapped_column(ForeignKey("weights.id"), unique=True)
    sha256: Mapped[str] = mapped_column(String(64))
    parameters: Mapped[int] = mapped_column(BigInteger)
    network: Mapped[dict[str, Any]]  # layer sizes and activations: what the weights need to be a network
    encoding: Mapped[dict[str, Any]]
    target_encoding: Mapped[dict[str, Any]]
    schema: Mapped[dict[str, Any]]
    config: Mapped[dict[str, Any]]
    metrics: Mapped[dict[str, Any]]
    importances: Mapped[dict[str, Any] | None]
    best_epoch: Mapped[int | None] = mapped_column(Integer)
    dataset: Mapped[dict[str, Any]]
    profile: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)  # of its training rows; large: not in lists
    lineage: Mapped[dict[str, Any] | None]  # what it was made with and from, beside job, config and dataset
    description: Mapped[str] = mapped_column(Text, default="")
    tags: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[float] = mapped_column(server_default=now())


class AliasRow(Base):
    """A movable name of a version, such as `champion`."""

    __tablename__ = "aliases"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "model_name", "version"],
            ["model_versions.project_id", "model_versions.model_name", "model_versions.version"],
        ),
    )
    project_id: Mapped[str] = mapped_column(primary_key=True)
    model_name: Mapped[str] = mapped_column(primary_key=True)
    alias: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    updated_at: Mapped[float] = mapped_column(server_default=now())


class AliasMoveRow(Base):
    """One move of an alias; `kind` is ``move``, ``rollback`` or ``delete``, whose `version` is null."""

    __tablename__ = "alias_moves"
    __table_args__ = (
        ForeignKeyConstraint(["project_id", "model_name"], ["models.project_id", "models.name"]),
        Index(None, "project_id", "model_name", "alias", "id"),
    )
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    project_id: Mapped[str] = mapped_column()
    model_name: Mapped[str] = mapped_column()
    alias: Mapped[str] = mapped_column()
    version: Mapped[int | None] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(server_default="move")
    reason: Mapped[str | None] = mapped_column(Text)
    moved_at: Mapped[float] = mapped_column(server_default=now())


class PredictionRow(Base):
    """A row that was predicted, kept for whoever watches the model."""

    __tablename__ = "prediction_log"
    __table_args__ = (
        ForeignKeyConstraint(["project_id", "model_name"], ["models.project_id", "models.name"]),
        Index(None, "project_id", "model_name", "id"),
    )
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    project_id: Mapped[str] = mapped_column()
    model_name: Mapped[str] = mapped_column()
    version: Mapped[int] = mapped_column(Integer)
    inputs: Mapped[dict[str, Any]]
    outputs: Mapped[dict[str, Any]]
    made_at: Mapped[float] = mapped_column(index=True)
