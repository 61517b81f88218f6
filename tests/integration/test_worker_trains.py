"""A real Celery worker trains jobs end to end."""

from __future__ import annotations

from pathlib import Path

import mlp
from store.database import Database
from store.settings import Settings
from tests.support.training import job_now, outcome_digest, submit, upload, versions_of
from tests.support.workers import wait_until, worker
from worker.app import make_app
from worker.publisher import publish

IRIS = Path(mlp.__file__).parent / "data" / "iris.csv"


def test_a_message_becomes_a_model_version(settings: Settings, database: Database) -> None:
    dataset = upload(settings, database, IRIS.read_bytes(), "iris")
    job = submit(database, dataset, target="species", model="iris", epochs=40, test_fraction=0.2)
    with worker(settings):
        assert publish(make_app(settings), job.id)
        wait_until(lambda: job_now(database, job.id).status not in ("queued", "running"), seconds=30)
    ended = job_now(database, job.id)
    assert (ended.status, ended.error) == ("succeeded", None)
    (version,) = versions_of(database, job.id)
    assert (version.model_name, version.version, version.source) == ("iris", 1, "trained")
    assert version.metrics["test"]["accuracy"] >= 0.9
    assert outcome_digest(database, job.id)["epochs"] == list(range(1, ended.epoch + 1))
    assert ended.model_version == 1
    assert ended.fingerprint is not None
