"""Rows that store tests begin with."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from store import jobs, leases, registry
from store.database import Database
from store.ids import new_id
from store.submission import submit
from store.tables import DEFAULT_PROJECT, DatasetRow, JobRow

PROJECT = DEFAULT_PROJECT


def add_dataset(s: Session, name: str = "iris", version: int = 1, **values: Any) -> DatasetRow:
    """A finished dataset without a file."""
    row = DatasetRow(
        id=new_id("ds"),
        project_id=PROJECT,
        name=name,
        version=version,
        status="ready",
        blob_key=f"{name}-{version}.parquet",
        sha256="0" * 64,
        **values,
    )
    s.add(row)
    s.flush()
    return row


def queued_job(database: Database, **values: Any) -> JobRow:
    """A job that waits for a worker, on a dataset of its own."""
    with database.write() as s:
        dataset = add_dataset(s, name=new_id("d"))
        config = {"task": "classification", "target": "species"}
        arguments: dict[str, Any] = {"config": config, "model_name": "iris", "epochs": 5} | values
        job, _ = submit(s, PROJECT, dataset_id=dataset.id, **arguments)
    return job


def running_job(database: Database, *, lease_seconds: float = 30.0, **values: Any) -> tuple[JobRow, leases.Fence]:
    """A job that a worker has claimed."""
    job = queued_job(database, **values)
    with database.write() as s:
        claimed = leases.claim(s, job.id, worker="worker-1", lease_seconds=lease_seconds)
    assert claimed is not None
    return claimed, leases.Fence(claimed.id, claimed.token)


def read_job(database: Database, job_id: str) -> JobRow:
    """The job as it is now."""
    with database.read() as s:
        return jobs.get_job(s, PROJECT, job_id)


def new_version(
    job_id: str | None = None, *, source: str = "trained", weights: bytes = b"weights"
) -> registry.NewVersion:
    """What a training would publish."""
    return registry.NewVersion(
        source=source,
        job_id=job_id,
        weights=weights,
        parameters=3,
        network={},
        encoding={},
        target_encoding={},
        schema={},
        config={},
        metrics={},
        best_epoch=1,
        dataset={},
    )


def report(epoch: int, loss: float = 0.5) -> dict[str, Any]:
    """One epoch's report."""
    return {
        "epoch": epoch,
        "train_loss": loss,
        "validation_loss": loss,
        "train_score": 0.9,
        "validation_score": None,
        "learning_rate": 0.001,
        "gradient_norm": 1.0,
        "seconds": 0.01,
    }


def publish_version(database: Database, name: str = "iris") -> int:
    """Publish a version of a model; its number."""
    with database.write() as s:
        return registry.publish_version(s, PROJECT, name, new_version(), task="classification", target="species")
