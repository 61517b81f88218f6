"""A job that this worker has claimed is this worker's, though nobody told it so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from store import leases
from store.database import Database
from store.tables import DatasetRow
from tests.support.outage import FlakyDatabase
from tests.support.training import job_now, submit
from worker.job import run_job
from worker.runtime import Runtime


@pytest.fixture
def flaky(database_url: str) -> Iterator[FlakyDatabase]:
    database = FlakyDatabase(database_url)
    yield database
    database.dispose()


def test_a_claim_whose_commit_was_not_answered_is_worked_off(
    runtime: Runtime, database: Database, flaky: FlakyDatabase, dataset: DatasetRow
) -> None:
    job = submit(database, dataset, hidden=[4], epochs=2)
    flaky.mute = True
    run_job(replace(runtime, database=flaky), job.id)
    ended = job_now(database, job.id)
    assert (ended.status, ended.token) == ("succeeded", 1)


def test_another_workers_claim_is_left_to_it(
    runtime: Runtime, database: Database, flaky: FlakyDatabase, dataset: DatasetRow
) -> None:
    job = submit(database, dataset, hidden=[4], epochs=2)
    with database.write() as s:
        assert leases.claim(s, job.id, worker="other", lease_seconds=30) is not None
    flaky.mute = True
    run_job(replace(runtime, database=flaky), job.id)
    left = job_now(database, job.id)
    assert (left.status, left.token, left.worker) == ("running", 1, "other")
