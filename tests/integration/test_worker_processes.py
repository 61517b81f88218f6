"""A worker's processes: cancelled, hung, killed one by one, left without a parent."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from store import jobs
from store.database import Database
from store.settings import Settings
from tests.support.faults import (
    LONG_TRAINING,
    fault_settings,
    submit_and_publish,
    wait_for_end,
    wait_for_progress,
)
from tests.support.training import PROJECT, job_now, points_table, upload, versions_of
from tests.support.workers import reaper, wait_until, worker

ENDLESS: dict[str, Any] = {
    "epochs": 100_000,
    "early_stopping": {"metric": "validation_loss", "patience": 100_000, "min_delta": 0.0},
}

pytestmark = pytest.mark.slow
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def alive(pid: int) -> bool:
    """Whether the process runs; one that nobody has waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.parametrize("keep", [None, "best", "last"])
def test_a_running_job_is_cancelled_within_a_second(settings: Settings, database: Database, keep: str | None) -> None:
    dataset = upload(settings, database, points_table())
    with worker(settings):
        job_id = submit_and_publish(settings, database, dataset, **(LONG_TRAINING | ENDLESS))
        seen = wait_for_progress(database, job_id, epochs=5)
        started = time.monotonic()
        with database.write() as s:
            jobs.request_cancel(s, PROJECT, job_id, keep)
        job = wait_for_end(database, job_id)
        took = time.monotonic() - started
    assert job.status == "cancelled"
    assert took < 1.0
    versions = versions_of(database, job_id)
    if keep is None:
        assert versions == []
        return
    (version,) = versions
    assert version.source == "kept"
    assert version.best_epoch is not None
    assert 1 <= version.best_epoch <= job.epoch
    if keep == "last":
        assert version.best_epoch == job.epoch >= seen.epoch


@on_sqlite
def test_a_killed_training_process_is_replaced_and_its_job_goes_on(settings: Settings, database: Database) -> None:
    settings = fault_settings(settings, worker_processes=1)
    dataset = upload(settings, database, points_table())
    with reaper(settings), worker(settings) as workers:
        job_id = submit_and_publish(settings, database, dataset, **LONG_TRAINING)
        wait_for_progress(database, job_id, epochs=5)
        (child,) = workers.children()
        os.kill(child, signal.SIGKILL)
        started = time.monotonic()
        # The next job does not wait for the lost one's lease.
        next_id = submit_and_publish(settings, database, dataset, **(LONG_TRAINING | {"epochs": 3}))
        assert wait_for_end(database, next_id).status == "succeeded"
        assert time.monotonic() - started < 5.0
        job = wait_for_end(database, job_id)
    assert (job.status, job.attempts, job.token) == ("succeeded", 0, 3)


@on_sqlite
def test_a_training_process_told_to_stop_gives_its_job_back_at_once(settings: Settings, database: Database) -> None:
    settings = fault_settings(settings, worker_processes=1, lease_seconds=60.0)
    dataset = upload(settings, database, points_table())
    with worker(settings) as workers:
        job_id = submit_and_publish(settings, database, dataset, **LONG_TRAINING)
        wait_for_progress(database, job_id, epochs=5)
        (child,) = workers.children()
        os.kill(child, signal.SIGTERM)
        job = wait_for_end(database, job_id)
        assert (job.status, job.token) == ("succeeded", 2)
        wait_until(lambda: not alive(child), seconds=10)


@on_sqlite
def test_training_processes_die_with_their_parent(settings: Settings, database: Database) -> None:
    settings = fault_settings(settings)
    dataset = upload(settings, database, points_table())
    with worker(settings) as workers:
        job_id = submit_and_publish(settings, database, dataset, **LONG_TRAINING)
        wait_for_progress(database, job_id)
        children = workers.children()
        assert len(children) == 2
        workers.signal(signal.SIGKILL)
        wait_until(lambda: not any(alive(pid) for pid in children), seconds=5)


@on_sqlite
def test_a_job_that_outlasts_many_leases_is_claimed_once(settings: Settings, database: Database) -> None:
    settings = fault_settings(settings, lease_seconds=0.6)
    dataset = upload(settings, database, points_table())
    with reaper(settings), worker(settings):
        job_id = submit_and_publish(settings, database, dataset, **(LONG_TRAINING | ENDLESS))
        started = wait_for_progress(database, job_id).started_at
        assert started is not None

        def old_enough() -> bool:
            job = job_now(database, job_id)
            assert job.token == 1, "the lease was not renewed"
            return job.lease_expires_at is not None and job.lease_expires_at > started + 4.0

        wait_until(old_enough, seconds=20)


@on_sqlite
def test_an_idle_worker_stops_at_once(settings: Settings, database: Database) -> None:
    with worker(settings) as idle:
        started = time.monotonic()
        idle.signal(signal.SIGTERM)
        assert idle.wait(10) == 0
        assert time.monotonic() - started < 5.0
