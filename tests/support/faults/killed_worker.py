"""F1 and F2: ``kill -9`` of the training process, and of the whole worker, at random moments."""

from __future__ import annotations

import os
import signal
import time

from store.database import Database
from store.settings import Settings
from store.tables import ENDED
from tests.support.campaign import Tally
from tests.support.faults.ground import (
    LONG_TRAINING,
    RECOVERY_SECONDS,
    check_ended_alike,
    fault_settings,
    goes_on,
    submit_and_publish,
    undisturbed,
)
from tests.support.training import job_now, points_table, upload
from tests.support.workers import Part, reaper, wait_until, worker


def kill_training_processes(settings: Settings, database: Database, tally: Tally) -> None:
    """F1. Kill the process that trains; its parent starts another, and the job goes on there."""
    settings = fault_settings(settings, worker_processes=1)
    dataset = upload(settings, database, points_table())
    expected = undisturbed(settings, database, dataset, **LONG_TRAINING)
    with reaper(settings), worker(settings) as workers:
        for _ in range(tally.rounds):
            with tally.round():
                job_id = submit_and_publish(settings, database, dataset, **LONG_TRAINING)
                while not _kill_trainer_of(database, job_id, tally):  # it was faster than the fault
                    job_id = submit_and_publish(settings, database, dataset, **LONG_TRAINING)
                check_ended_alike(database, job_id, expected)
        assert workers.running


def _kill_trainer_of(database: Database, job_id: str, tally: Tally) -> bool:
    wait_until(lambda: job_now(database, job_id).status != "queued", what="a claim")
    tally.pause(1.5)
    job = job_now(database, job_id)
    if job.status in ENDED:
        assert job.status == "succeeded"
        return False
    assert job.worker is not None
    os.kill(int(job.worker.rpartition(":")[2]), signal.SIGKILL)
    struck_at = time.monotonic()
    wait_until(lambda: goes_on(database, job_id, job.token), what="another claim")
    tally.recovered(time.monotonic() - struck_at, within=RECOVERY_SECONDS)
    return True


def kill_worker_groups(settings: Settings, database: Database, tally: Tally) -> None:
    """F2. Kill a worker with all its processes while it trains two jobs, and start it again; some jobs die often."""
    # A kill that comes before any progress counts as a fruitless attempt.
    settings = fault_settings(settings, max_attempts=tally.rounds + 1)
    dataset = upload(settings, database, points_table())
    expected = undisturbed(settings, database, dataset, **LONG_TRAINING)
    ids: list[str] = []
    with tally.round(tally.rounds), reaper(settings), worker(settings) as workers:
        for _ in range(tally.rounds):
            struck: dict[str, int] = {}
            while not struck:
                unfinished = [job_id for job_id in ids if job_now(database, job_id).status not in ENDED]
                missing = 2 - len(unfinished)
                ids += [submit_and_publish(settings, database, dataset, **LONG_TRAINING) for _ in range(missing)]
                _wait_for_claim(database, ids)
                tally.pause(1.0)
                struck = _running(database, ids)
            _kill_group(database, workers, struck, tally)
        for job_id in ids:
            check_ended_alike(database, job_id, expected)
    print("tokens of the jobs:", [job_now(database, job_id).token for job_id in ids])


def _wait_for_claim(database: Database, ids: list[str]) -> None:
    wait_until(lambda: _running(database, ids), what="a claim")


def _running(database: Database, ids: list[str]) -> dict[str, int]:
    """Ids of the jobs that run, and under which tokens."""
    jobs = [job_now(database, job_id) for job_id in ids]
    return {job.id: job.token for job in jobs if job.status == "running"}


def _kill_group(database: Database, workers: Part, struck: dict[str, int], tally: Tally) -> None:
    workers.kill_group()
    workers.start()
    ready_at = time.monotonic()  # how long a worker takes to start is not a matter of leases
    for job_id, token in struck.items():
        wait_until(lambda job_id=job_id, token=token: goes_on(database, job_id, token), what="another claim")  # type: ignore[misc]
    tally.recovered(time.monotonic() - ready_at, within=RECOVERY_SECONDS)
