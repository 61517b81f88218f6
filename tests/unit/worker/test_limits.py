"""A job that goes beyond a limit is asked to stop, and failed under its fence where it does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from store import leases
from store.database import Database
from store.errors import LeaseLost
from store.limits import JobLimits
from store.machine import held_bytes
from store.tables import DatasetRow
from tests.support.rows import read_job, running_job
from tests.support.training import job_now, outcome_digest, submit, versions_of
from tests.support.workers import wait_until
from worker import limits as module
from worker.heartbeat import Heartbeat
from worker.job import run_job
from worker.limits import LimitWatch
from worker.runtime import Runtime

needs_proc = pytest.mark.skipif(held_bytes() is None, reason="this system does not say what a process holds")
MIB = 1 << 20


class Watched:
    """A watch, and what it did."""

    def __init__(self, limits: JobLimits, before: float = 0.0, **options: Any) -> None:
        self.done: list[str] = []
        self.watch = LimitWatch(
            limits,
            before,
            **{
                "fail": lambda error: self.done.append(error["code"]),
                "leave": lambda: self.done.append("left"),
                "stop_seconds": 0.0,
                **options,
            },
        )
        self.watch.begin()


def test_within_its_limits_nothing_happens() -> None:
    watched = Watched(JobLimits(3600.0, 1 << 40))
    watched.watch.enforce()
    assert (watched.watch.exceeded, watched.done) == (None, [])


def test_the_time_of_the_attempts_before_counts() -> None:
    watched = Watched(JobLimits(seconds=60.0), before=60.5)
    assert watched.watch.exceeded is not None
    assert watched.watch.exceeded.code == "time_limit_exceeded"
    assert 60.5 <= watched.watch.ran_seconds < 70


@needs_proc
def test_memory_counts_beyond_what_the_process_had() -> None:
    before = np.ones(64 * MIB // 8)
    watched = Watched(JobLimits(memory_bytes=32 * MIB))
    watched.watch.enforce()
    assert watched.watch.exceeded is None
    taken = np.ones(64 * MIB // 8)
    watched.watch.enforce()
    assert watched.watch.exceeded is not None
    assert watched.watch.exceeded.code == "memory_limit_exceeded"
    assert len(before) == len(taken)


def test_where_nobody_says_what_a_process_holds_it_has_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "held_bytes", lambda: None)
    watched = Watched(JobLimits(memory_bytes=1))
    watched.watch.enforce()
    assert watched.watch.exceeded is None


def test_a_training_that_does_not_stop_is_failed_and_its_process_ended() -> None:
    watched = Watched(JobLimits(seconds=1.0), before=2.0)
    watched.watch.enforce()
    assert watched.done == ["time_limit_exceeded", "left"]


def test_a_training_is_given_some_seconds_to_stop() -> None:
    watched = Watched(JobLimits(seconds=1.0), before=2.0, stop_seconds=3600.0)
    watched.watch.enforce()
    assert watched.done == []


def test_a_job_whose_last_transaction_has_begun_has_no_limits() -> None:
    watched = Watched(JobLimits(seconds=1.0), before=2.0)
    watched.watch.settle()
    watched.watch.enforce()
    assert watched.done == []


def test_a_process_whose_job_is_anothers_stays(database: Database) -> None:
    job, fence = running_job(database, lease_seconds=-60.0)
    with database.write() as s:
        leases.take_back(s, fence, 3)

    def fail(error: dict[str, Any]) -> None:
        with database.write() as s:
            leases.finish(s, fence, "failed", error=error)

    watched = Watched(JobLimits(seconds=1.0), before=2.0, fail=fail)
    with pytest.raises(LeaseLost):
        watched.watch.enforce()
    assert watched.done == []
    assert read_job(database, job.id).status == "queued"
    with Heartbeat(database, fence, lease_seconds=0.3, stall_seconds=60.0, limits=watched.watch) as beating:
        wait_until(lambda: beating.lease_lost, seconds=10)


def test_a_heartbeat_writes_how_long_the_job_has_run(database: Database) -> None:
    job, fence = running_job(database, lease_seconds=0.3)
    watch = Watched(JobLimits(), before=100.0).watch
    with Heartbeat(database, fence, lease_seconds=0.3, stall_seconds=60.0, limits=watch) as beating:

        def renewed() -> bool:
            beating.beat()
            return read_job(database, job.id).claimed_seconds > 100.3

        wait_until(renewed, seconds=10)
    assert read_job(database, job.id).claimed_seconds < 140


def test_a_job_without_time_left_fails_with_its_first_look(runtime: Runtime, dataset: DatasetRow) -> None:
    job = submit(runtime.database, dataset, limits={"time_limit_seconds": 1e-6}, epochs=3)
    run_job(runtime, job.id)
    ended = job_now(runtime.database, job.id)
    assert ended.error is not None
    assert (ended.status, ended.error["code"], ended.epoch) == ("failed", "time_limit_exceeded", 0)
    assert "`time_limit_seconds`" in ended.error["hint"]
    assert versions_of(runtime.database, job.id) == []


def test_limits_that_are_not_reached_leave_the_bits_and_the_fingerprint(runtime: Runtime, dataset: DatasetRow) -> None:
    limits = {"time_limit_seconds": 3600.0, "memory_limit_bytes": 1 << 40}
    free = submit(runtime.database, dataset, epochs=4, hidden=[8])
    limited = submit(runtime.database, dataset, limits=limits, epochs=4, hidden=[8])
    for job in (free, limited):
        run_job(runtime, job.id)
    assert outcome_digest(runtime.database, limited.id) == outcome_digest(runtime.database, free.id)
    ended = job_now(runtime.database, limited.id)
    assert (ended.status, ended.bit_identical) == ("succeeded", True)
    assert ended.fingerprint == job_now(runtime.database, free.id).fingerprint
