"""Datasets and training jobs for tests of the worker."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
from sqlalchemy import select

from core.configuration import TrainingConfig
from store import histories, jobs, submission
from store.database import Database
from store.files import FileStore
from store.ingest import Limits, read_csv
from store.registry_tables import ModelVersionRow
from store.settings import Settings
from store.tables import DEFAULT_PROJECT, DatasetRow, JobRow
from store.upload import store_dataset

PROJECT = DEFAULT_PROJECT


def upload(settings: Settings, database: Database, csv: bytes, name: str = "points") -> DatasetRow:
    """Store CSV text as a dataset."""
    table = read_csv(csv, schema=None, limits=Limits.of(settings))
    row, _ = store_dataset(database, FileStore(settings.resolved_data_url), PROJECT, name, table, settings)
    return row


def points_table(rows: int = 400, *, seed: int = 7) -> bytes:
    """Made points in three classes that overlap, so that a training has something to do for long."""
    random = np.random.default_rng(seed)
    classes = random.integers(0, 3, rows)
    points = random.normal(0.0, 1.0, (rows, 4)) + classes[:, None] * np.array([0.8, -0.5, 0.3, 0.0])
    lines = [
        ",".join([*(f"{value:.6f}" for value in point), "abc"[k]]) for point, k in zip(points, classes, strict=True)
    ]
    return ("w,x,y,z,kind\n" + "\n".join(lines) + "\n").encode()


def submit(
    database: Database,
    dataset: DatasetRow,
    *,
    target: str | list[str] = "kind",
    model: str = "points",
    task: str = "classification",
    features: list[str] | None = None,
    folds: int = 0,
    limits: dict[str, Any] | None = None,
    **training: Any,
) -> JobRow:
    """Queue a training of the dataset; `training` are fields of `TrainingConfig`."""
    targets = [target] if isinstance(target, str) else target
    configured = TrainingConfig.from_dict({"task": task, **training})
    if features is None:
        features = [c["name"] for c in dataset.columns if c["role"] == "feature" and c["name"] not in targets]
    config = {
        "dataset": f"{dataset.name}@{dataset.version}",
        "target": target,
        "features": features,
        "folds": folds,
        "model": model,
        "task": task,
        "training": configured.to_dict(),
        "inferred": {},
        **(limits or {}),
    }
    with database.write() as s:
        job, _ = submission.submit(
            s, PROJECT, config=config, dataset_id=dataset.id, model_name=model, epochs=configured.epochs
        )
    return job


def job_now(database: Database, job_id: str) -> JobRow:
    """The job as it is now."""
    with database.read() as s:
        return jobs.get_job(s, PROJECT, job_id)


def versions_of(database: Database, job_id: str) -> list[ModelVersionRow]:
    """The versions that a job has published."""
    with database.read() as s:
        return list(s.scalars(select(ModelVersionRow).where(ModelVersionRow.job_id == job_id)))


def outcome_digest(database: Database, job_id: str) -> dict[str, Any]:
    """What must be equal to the bit in two runs: weights, loss history, epochs, metrics."""
    (version,) = versions_of(database, job_id)
    with database.read() as s:
        reports = histories.history(s, job_id, limit=100_000)
    for report in reports:
        report.pop("seconds")  # wall-clock
    return {
        "weights": version.sha256,
        "history": hashlib.sha256(json.dumps(reports).encode()).hexdigest(),
        "epochs": [report["epoch"] for report in reports],
        "metrics": hashlib.sha256(json.dumps(version.metrics, sort_keys=True).encode()).hexdigest(),
        "best_epoch": version.best_epoch,
    }
