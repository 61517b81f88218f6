"""Predictions of stored datasets for tests of the worker: a large table, a model, and what a job made."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from sqlalchemy import func, select

from store import datasets, selection, submission
from store.database import Database
from store.files import FileStore
from store.registry_tables import ModelVersionRow
from store.settings import Settings
from store.tables import DatasetRow, JobRow
from tests.support.training import PROJECT, job_now, points_table, submit, upload
from worker.job import run_job
from worker.runtime import Runtime
from worker.scoring import Scorer


def trained_model(runtime: Runtime) -> ModelVersionRow:
    """A model ``points``, trained here and now."""
    dataset = upload(runtime.settings, runtime.database, points_table(60))
    job = submit(runtime.database, dataset, hidden=[8], epochs=2)
    run_job(runtime, job.id)
    assert job_now(runtime.database, job.id).status == "succeeded"
    with runtime.database.read() as s:
        return s.scalars(select(ModelVersionRow)).one()


def large_table(settings: Settings, database: Database, rows: int, name: str = "large") -> DatasetRow:
    """Many points without their kinds, and a column of row numbers."""
    random = np.random.default_rng(3)
    columns = {column: np.round(random.normal(size=rows), 4) for column in "wxyz"}
    text = io.BytesIO()
    pyarrow.csv.write_csv(pa.table({"line": np.arange(rows), **columns}), text)
    return upload(settings, database, text.getvalue(), name)


def submit_prediction(database: Database, dataset: DatasetRow, name: str = "result") -> JobRow:
    """Queue the prediction of a dataset by the model ``points``."""
    with database.write() as s:
        chosen = selection.select_version(s, PROJECT, "points")
        job, _ = submission.submit(
            s,
            PROJECT,
            config={"dataset": f"{dataset.name}@1", "model": "points", "version": chosen.version, "name": name},
            dataset_id=dataset.id,
            model_name="points",
            model_version=chosen.version,
            epochs=dataset.rows,
            kind="predict",
        )
    return job


def made_by(database: Database, job_id: str) -> DatasetRow:
    """The dataset that a job made, which succeeded."""
    job = job_now(database, job_id)
    assert (job.status, job.error) == ("succeeded", None)
    assert job.result_id is not None
    with database.read() as s:
        return datasets.resolve(s, PROJECT, job.result_id)


def datasets_named(database: Database, name: str) -> int:
    """How many datasets of that name there are, unfinished uploads too."""
    with database.read() as s:
        return s.scalar(select(func.count()).where(DatasetRow.name == name)) or 0


def files_of(settings: Settings) -> set[str]:
    """Names of all files of datasets, unfinished ones too."""
    return {name for name, _ in FileStore(settings.resolved_data_url).list()}


def before_block(monkeypatch: pytest.MonkeyPatch, first_row: int, action: Callable[[], None]) -> None:
    """Have `action` called, once, before the block is predicted that begins at this row or later."""
    score, left = Scorer.score, [action]

    def score_after_action(self: Scorer, table: Any, first: int) -> Any:
        if first >= first_row and left:
            left.pop()()
        return score(self, table, first)

    monkeypatch.setattr(Scorer, "score", score_after_action)


def ended(runtime: Runtime, job: JobRow) -> tuple[str, str | None]:
    """How a job ended, and the code of its error."""
    found = job_now(runtime.database, job.id)
    return found.status, None if found.error is None else found.error["code"]
