"""A lease lives as long as its training moves, and not longer."""

from __future__ import annotations

import pytest

from store import jobs, leases
from store.database import Database
from store.errors import LeaseLost
from store.leases import Fence
from tests.support.outage import FlakyDatabase
from tests.support.rows import PROJECT, read_job, running_job
from tests.support.workers import wait_until
from worker.heartbeat import Heartbeat

LEASE = 0.6


def expires_at(database: Database, job_id: str) -> float:
    found = read_job(database, job_id).lease_expires_at
    assert found is not None
    return found


def heartbeat(database: Database, fence: Fence, *, stall_seconds: float = 60.0) -> Heartbeat:
    return Heartbeat(database, fence, lease_seconds=LEASE, stall_seconds=stall_seconds)


def test_a_lease_is_renewed_while_the_training_moves(database: Database) -> None:
    job, fence = running_job(database, lease_seconds=LEASE)
    first = expires_at(database, job.id)
    with heartbeat(database, fence) as beating:

        def renewed() -> bool:
            beating.beat()
            return expires_at(database, job.id) > first + 2 * LEASE

        wait_until(renewed, seconds=10)
    with database.read() as s:
        assert leases.expired(s) == []


def test_a_training_that_stands_still_loses_its_lease(database: Database) -> None:
    _, fence = running_job(database, lease_seconds=LEASE)

    def has_expired() -> bool:
        with database.read() as s:
            return leases.expired(s) == [fence]

    with heartbeat(database, fence, stall_seconds=0.5):
        wait_until(has_expired, seconds=10)


def test_an_expired_lease_is_renewed_while_nobody_took_the_job_back(database: Database) -> None:
    job, fence = running_job(database, lease_seconds=-60.0)
    with heartbeat(database, fence) as beating:

        def renewed() -> bool:
            beating.beat()
            with database.read() as s:
                return leases.expired(s) == []

        wait_until(renewed, seconds=10)
    assert read_job(database, job.id).status == "running"


def test_a_job_that_was_taken_back_is_given_up(database: Database) -> None:
    job, fence = running_job(database, lease_seconds=-60.0)
    with database.write() as s:
        leases.take_back(s, fence, 3)
    with heartbeat(database, fence) as beating:
        wait_until(lambda: beating.lease_lost, seconds=10)
    with pytest.raises(LeaseLost), database.write() as s:
        leases.renew(s, fence, LEASE)
    assert read_job(database, job.id).status == "queued"


def test_a_cancellation_is_heard_of_within_a_second(database: Database) -> None:
    job, fence = running_job(database)
    beating = Heartbeat(database, fence, lease_seconds=30.0, stall_seconds=60.0)
    with beating:
        with database.write() as s:
            jobs.request_cancel(s, PROJECT, job.id, "best")
        wait_until(lambda: beating.cancellation, seconds=1.0)
    assert beating.cancellation is not None
    assert beating.cancellation.cancel_keep == "best"


def test_a_heartbeat_outlives_an_outage_of_the_database(database: Database) -> None:
    job, fence = running_job(database, lease_seconds=LEASE)
    flaky = FlakyDatabase(database.url, pool_size=1)
    flaky.away = True
    with heartbeat(flaky, fence) as beating:

        def expired() -> bool:
            beating.beat()
            with database.read() as s:
                return leases.expired(s) == [fence]

        wait_until(expired, seconds=10)
        flaky.away = False

        def renewed() -> bool:
            beating.beat()
            return not expired()

        wait_until(renewed, seconds=10)
    flaky.dispose()
    assert not beating.lease_lost
    assert read_job(database, job.id).token == fence.token
