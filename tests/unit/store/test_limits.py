"""What a job may take, and that its time is counted over all its claims."""

from __future__ import annotations

from typing import Any

import pytest

from store import jobs, leases
from store.database import Database
from store.leases import Fence
from store.limits import JobLimits
from tests.support.rows import PROJECT, queued_job, read_job, running_job

CONFIG = {"task": "classification", "target": "species"}
LIMITED = {**CONFIG, "time_limit_seconds": 100.0}


@pytest.mark.parametrize(
    ("asked", "largest", "kept"),
    [
        ({}, (0, 0), (None, None)),
        ({"time_limit_seconds": 5.0, "memory_limit_bytes": 7}, (0, 0), (5.0, 7)),
        ({"time_limit_seconds": 5.0, "memory_limit_bytes": None}, (3, 9), (3, 9)),
        ({"time_limit_seconds": 5.0, "memory_limit_bytes": 7}, (6, 8), (5.0, 7)),
    ],
)
def test_a_job_has_what_it_asks_for_within_the_services_largest(asked: Any, largest: Any, kept: Any) -> None:
    limits = JobLimits.of(asked, max_seconds=largest[0], max_memory_bytes=largest[1])
    assert (limits.seconds, limits.memory_bytes) == kept


def test_a_claim_counts_to_the_end_of_its_lease_until_the_worker_says_more(database: Database) -> None:
    job, fence = running_job(database, lease_seconds=30.0)
    assert job.claimed_seconds == 30.0
    with database.write() as s:
        leases.renew(s, fence, 30.0, ran_seconds=12.5)
    assert read_job(database, job.id).claimed_seconds == 42.5
    with database.write() as s:
        leases.give_back(s, fence, ran_seconds=13.0)
    assert read_job(database, job.id).claimed_seconds == 13.0
    with database.write() as s:
        again = leases.claim(s, job.id, worker="next", lease_seconds=30.0)
    assert again is not None
    assert again.claimed_seconds == 43.0


@pytest.mark.parametrize(("ran", "status"), [(101.0, "failed"), (99.0, "queued")])
def test_a_job_whose_claims_used_its_time_up_is_not_tried_again(database: Database, ran: float, status: str) -> None:
    job, fence = running_job(database, config=LIMITED)
    assert take_back(database, fence, ran) == status
    ended = read_job(database, job.id)
    assert ended.attempts == 1
    assert (ended.error is None) == (status == "queued")
    if ended.error is not None:
        assert ended.error["code"] == "time_limit_exceeded"
        assert ended.error["detail"] == "The job ran for 101.0 s in all its attempts; its limit is 100 s."
        assert ended.finished_at is not None


def test_the_services_largest_holds_for_a_job_that_asks_for_none(database: Database) -> None:
    _, fence = running_job(database)
    assert take_back(database, fence, 101.0, max_seconds=100.0) == "failed"


def test_a_cancelled_job_that_is_out_of_time_is_cancelled(database: Database) -> None:
    job, fence = running_job(database, config=LIMITED)
    with database.write() as s:
        jobs.request_cancel(s, PROJECT, job.id)
    assert take_back(database, fence, 101.0) == "cancelled"


def test_a_retry_asks_for_the_same_limits_and_begins_with_no_time_used(database: Database) -> None:
    job = queued_job(database, config=LIMITED)
    with database.write() as s:
        jobs.request_cancel(s, PROJECT, job.id)
    with database.write() as s:
        again = jobs.retry_job(s, PROJECT, job.id)
    assert (again.config, again.claimed_seconds) == (LIMITED, 0.0)


def take_back(database: Database, fence: Fence, ran: float, **largest: float) -> str | None:
    with database.write() as s:
        leases.renew(s, fence, -1.0, ran_seconds=ran + 1.0)
    with database.write() as s:
        return leases.take_back(s, fence, 3, **largest)
