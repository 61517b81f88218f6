"""The API under test: Flask's client on a real database, and trainings run in the test's own process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import func, select

from service.app import Application, create_app
from service.parts import EXTENSION, Parts
from store.registry_tables import ModelRow, ModelVersionRow, WeightsRow
from store.settings import Settings
from store.tables import DatasetRow, IdempotencyRow, JobRow
from worker.app import make_app
from worker.job import run_job
from worker.runtime import Runtime
from worker.shutdown import ShutdownFlag

IRIS = Path(__file__).parents[2] / "mlp" / "data" / "iris.csv"
SETOSA = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}
_TABLES = (DatasetRow, JobRow, ModelRow, ModelVersionRow, WeightsRow, IdempotencyRow)


class Api:
    """The application, its client, and what lies behind them."""

    def __init__(self, settings: Settings) -> None:
        # A test does one thing after another, and must see each at once.
        self.settings = settings = settings.model_copy(update={"selection_seconds": 0.0})
        self.app: Application = create_app(settings, validate_answers=True)
        self.parts: Parts = self.app.extensions[EXTENSION]
        self.client: FlaskClient = self.app.test_client()
        self.get, self.post, self.delete = self.client.get, self.client.post, self.client.delete

    def upload(self, csv: str | bytes, name: str = "table") -> dict[str, Any]:
        """Upload CSV text; the dataset."""
        answer = self.post(f"/datasets?name={name}", data=csv, content_type="text/csv")
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.get_json())

    def upload_iris(self) -> dict[str, Any]:
        """Upload iris; the dataset."""
        return self.upload(IRIS.read_bytes(), "iris")

    def train(self, **body: Any) -> dict[str, Any]:
        """Ask for a training; the job."""
        answer = self.post("/train", json=body)
        assert answer.status_code == 202, answer.text
        return dict(answer.get_json())

    def run(self, job_id: str) -> dict[str, Any]:
        """Do the job here and now, a search with all its trials; the job as it ended."""
        self.hear(job_id)
        while (job := dict(self.get(f"/jobs/{job_id}").get_json()))["kind"] == "search":
            trials = self.get(f"/jobs/{job_id}/trials?limit=200").get_json()["items"]
            queued = [trial["job"] for trial in trials if trial["state"] == "queued"]
            if not queued:
                break
            self.hear(queued[0])
        return job

    def hear(self, job_id: str) -> None:
        """Do what a worker does that gets the job's message."""
        runtime = Runtime(
            settings=self.settings,
            database=self.parts.database,
            files=self.parts.files,
            app=make_app(self.settings),
            shutdown=ShutdownFlag(),
            watchdog=None,
            worker="test",
        )
        run_job(runtime, job_id)

    def trained(self, **body: Any) -> dict[str, Any]:
        """Ask for a training, and do it here and now; the job as it ended."""
        job = self.run(self.train(**{"epochs": 3, **body})["id"])
        assert job["status"] == "succeeded", job["error"]
        return job

    def traces(self) -> dict[str, int]:
        """How many rows each table has, and how many files there are: equal before and after what is refused."""
        with self.parts.database.read() as s:
            counts = {table.__tablename__: s.scalar(select(func.count()).select_from(table)) or 0 for table in _TABLES}
        return {**counts, "files": len(self.parts.files.list())}


@contextmanager
def running(settings: Settings) -> Iterator[Api]:
    """The API on these settings."""
    api = Api(settings)
    yield api
    api.parts.database.dispose()
