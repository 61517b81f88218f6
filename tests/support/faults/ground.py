"""What every fault needs: short leases, a training that lasts, its end, and what it comes to undisturbed."""

from __future__ import annotations

from typing import Any

from store.database import Database
from store.settings import Settings
from store.tables import ENDED, DatasetRow, JobRow
from tests.support.training import job_now, outcome_digest, submit, versions_of
from tests.support.workers import wait_until, worker
from worker.app import make_app
from worker.publisher import publish

LEASE_SECONDS = 2.0
RECOVERY_SECONDS = 2 * LEASE_SECONDS + 2.0
LONG_TRAINING: dict[str, Any] = {
    "hidden": [48, 32],
    "dropout": 0.1,
    "epochs": 300,
    "batch_size": 16,
    "validation_fraction": 0.2,
    "test_fraction": 0.1,
    "early_stopping": {"metric": "validation_loss", "patience": 300, "min_delta": 0.0},
    "seed": 11,
}
SHORT_TRAINING: dict[str, Any] = LONG_TRAINING | {"epochs": 5}


def fault_settings(settings: Settings, **changes: Any) -> Settings:
    """Settings with short leases and frequent checkpoints."""
    quick = {
        "lease_seconds": LEASE_SECONDS,
        "checkpoint_seconds": 0.2,
        "report_seconds": 0.1,
        "worker_processes": 2,
        "max_attempts": 3,
        "log_format": "plain",
    }
    return settings.model_copy(update=quick | changes)


def submit_and_publish(settings: Settings, database: Database, dataset: DatasetRow, **training: Any) -> str:
    """Queue a training and send its message; the job's id."""
    job = submit(database, dataset, **training)
    assert publish(make_app(settings), job.id)
    return job.id


def wait_for_end(database: Database, job_id: str, *, seconds: float = 60.0) -> JobRow:
    """The job once it has ended."""

    def ended() -> JobRow | None:
        job = job_now(database, job_id)
        return job if job.status in ENDED else None

    found = wait_until(ended, seconds=seconds, what=f"the end of {job_id}")
    assert found is not None
    return found


def wait_for_progress(database: Database, job_id: str, *, epochs: int = 1, seconds: float = 30.0) -> JobRow:
    """The job once it runs and has reported so many epochs."""

    def moving() -> JobRow | None:
        job = job_now(database, job_id)
        return job if job.status == "running" and job.epoch >= epochs else None

    found = wait_until(moving, seconds=seconds, what=f"{epochs} epochs of {job_id}")
    assert found is not None
    return found


def undisturbed(settings: Settings, database: Database, dataset: DatasetRow, **training: Any) -> dict[str, Any]:
    """What the training comes to when nothing happens to its worker."""
    with worker(settings, "undisturbed"):
        job_id = submit_and_publish(settings, database, dataset, **training)
        assert wait_for_end(database, job_id).status == "succeeded"
    return outcome_digest(database, job_id)


def check_ended_alike(database: Database, job_id: str, expected: dict[str, Any]) -> None:
    """The job succeeded with one version, each epoch once, and the bits of the undisturbed one."""
    job = wait_for_end(database, job_id)
    assert (job.status, job.error, job.bit_identical) == ("succeeded", None, True)
    assert len(versions_of(database, job_id)) == 1
    digest = outcome_digest(database, job_id)
    assert digest["epochs"] == list(range(1, job.epochs + 1))
    assert digest == expected


def goes_on(database: Database, job_id: str, token: int) -> JobRow | None:
    """The job when it was claimed again since the claim of that token, or ended; None before."""
    job = job_now(database, job_id)
    return job if job.status in ENDED or (job.status == "running" and job.token > token) else None
