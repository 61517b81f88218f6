"""F8: a trainer that sleeps past its lease, and wakes while, or after, another one does its job."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from sqlalchemy import make_url, select
from sqlalchemy.exc import OperationalError

from store.database import Database
from store.settings import Settings
from store.tables import DatasetRow, JobRow
from tests.support.campaign import Tally
from tests.support.faults.ground import (
    LONG_TRAINING,
    fault_settings,
    submit_and_publish,
    undisturbed,
    wait_for_end,
    wait_for_progress,
)
from tests.support.training import job_now, outcome_digest, points_table, upload
from tests.support.workers import Part, reaper, wait_until, worker


def resume_beside_a_stopped_trainer(settings: Settings, database: Database, tally: Tally) -> None:
    """SIGSTOP a trainer past its lease, let another finish, SIGCONT: nothing that the stale one writes is accepted."""
    settings = fault_settings(settings, worker_processes=1)
    dataset = upload(settings, database, points_table())
    expected = undisturbed(settings, database, dataset, **LONG_TRAINING)
    for _ in range(tally.rounds):
        with tally.round():
            _resume(settings, database, dataset, expected)


def _resume(settings: Settings, database: Database, dataset: DatasetRow, expected: dict[str, Any]) -> None:
    with reaper(settings), _drowsy(settings) as stopped:
        job_id = submit_and_publish(settings, database, dataset, **LONG_TRAINING)
        wait_for_progress(database, job_id, epochs=10)
        with stopped_group(stopped, database, job_id), worker(settings, "other"):
            job = wait_for_end(database, job_id)
            assert (job.status, job.token) == ("succeeded", 3)  # claim, taken back, claim
            before, row = outcome_digest(database, job_id), row_of(job)
        wait_until(lambda: "no longer this worker's" in stopped.read_log(), seconds=30, what="the stale worker's end")
        # It works on: the next job is its own.
        another = submit_and_publish(settings, database, dataset, **(LONG_TRAINING | {"epochs": 5}))
        assert wait_for_end(database, another).status == "succeeded"
    assert before == expected
    assert outcome_digest(database, job_id) == before
    assert row_of(job_now(database, job_id)) == row


def row_of(job: JobRow) -> dict[str, Any]:
    """All that the table says of the job."""
    return {column.name: getattr(job, column.name) for column in JobRow.__table__.columns}


def _drowsy(settings: Settings) -> Part:
    log = settings.data_dir / "stopped.log"
    return Part("tests.support.drowsy_worker", settings, log, "The worker is ready")


def wake_a_stale_trainer_beside_the_new_one(settings: Settings, database: Database) -> None:
    """SIGCONT while another worker trains the job: the stale one stops, and the other one ends the job."""
    settings = fault_settings(settings, worker_processes=1)
    dataset = upload(settings, database, points_table())
    longer = LONG_TRAINING | {"epochs": 1200, "early_stopping": None}
    expected = undisturbed(settings, database, dataset, **longer)
    with reaper(settings), _drowsy(settings) as stopped:
        job_id = submit_and_publish(settings, database, dataset, **longer)
        wait_for_progress(database, job_id, epochs=10)
        with worker_beside(settings, stopped, database, job_id) as other:
            wait_until(lambda: f"Job {job_id} begins" in other.read_log(), seconds=30, what="another worker's claim")
        wait_until(lambda: "no longer this worker's" in stopped.read_log(), seconds=30, what="the stale worker's end")
        assert job_now(database, job_id).status == "running", "the stale worker wrote until the other one had ended"
        assert wait_for_end(database, job_id).token == 3
        assert f"Job {job_id} succeeded" not in stopped.read_log(), "the stale worker ended the job"
        other.kill_group()
    assert outcome_digest(database, job_id) == expected


@contextmanager
def worker_beside(settings: Settings, stopped: Part, database: Database, job_id: str) -> Iterator[Part]:
    """Another worker, started while `stopped` and its children do nothing; they go on at the block's end."""
    other = worker(settings, "other")
    with stopped_group(stopped, database, job_id):
        other.start()
        yield other


@contextmanager
def stopped_group(part: Part, database: Database, job_id: str) -> Iterator[None]:
    """A process and its children do nothing within the block.

    They are stopped between two of their transactions: within one, a stopped process keeps the database's locks from
    everybody, whatever a lease says.
    """
    pids = [*part.children(), part.pid]
    for _ in range(100):
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(0.05)  # what was on its way to the server has arrived
        if is_free(database, job_id):
            break
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        time.sleep(0.05)
    else:
        raise AssertionError(f"{part} was in a transaction whenever it was stopped")
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def is_free(database: Database, job_id: str) -> bool:
    """Whether nobody holds the lock that a write to the job's row needs."""
    try:
        if database.is_sqlite:
            with closing(sqlite3.connect(str(make_url(database.url).database), timeout=0.2)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.rollback()
        else:
            with database.write() as s:
                s.execute(select(JobRow.id).where(JobRow.id == job_id).with_for_update(nowait=True))
    except (sqlite3.OperationalError, OperationalError):
        return False
    return True
