"""What is done to workers while they train, and what must be true afterwards."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import redis
from sqlalchemy import make_url, select
from sqlalchemy.exc import OperationalError

from mlp.redis_server import RedisServer
from store.database import Database
from store.settings import Settings
from store.tables import ENDED, DatasetRow, JobRow
from tests.support.training import job_now, outcome_digest, points_table, submit, upload, versions_of
from tests.support.workers import Part, reaper, wait_until, worker
from worker.app import QUEUE, make_app
from worker.publisher import publish

LEASE_SECONDS = 2.0
GRACE_SECONDS = 10.0
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


def new_seed() -> int:
    """A seed for the moments of the faults: ``FAULT_SEED``, else a new one; printed either way."""
    seed = int(os.environ.get("FAULT_SEED") or random.SystemRandom().randrange(2**32))
    print(f"seed of the faults: {seed}")
    return seed


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


def kill_workers_in_mid_training(settings: Settings, database: Database, *, kills: int, jobs: int) -> None:
    """Kill the whole worker group at random moments, restart it, and compare every job with an undisturbed one."""
    moments = random.Random(new_seed())
    settings = fault_settings(settings)
    dataset = upload(settings, database, points_table())
    expected = undisturbed(settings, database, dataset, **LONG_TRAINING)
    ids = [submit_and_publish(settings, database, dataset, **LONG_TRAINING) for _ in range(jobs)]

    def running() -> list[str]:
        return [job_id for job_id in ids if job_now(database, job_id).status == "running"]

    def claimed_since(tokens: dict[str, int]) -> bool:
        return any(job_now(database, job_id).token > tokens[job_id] for job_id in running())

    with reaper(settings), worker(settings) as workers:
        for _ in range(kills):
            tokens = {job_id: job_now(database, job_id).token for job_id in ids}
            if all(job_now(database, job_id).status in ENDED for job_id in ids):
                ids.append(submit_and_publish(settings, database, dataset, **LONG_TRAINING))
                tokens[ids[-1]] = 0
            if not running():
                wait_until(lambda tokens=tokens: claimed_since(tokens), seconds=30)  # type: ignore[misc]
            wait_until(running, seconds=30)
            _pause(moments.uniform(0.0, 1.0))
            workers.kill_group()
            workers.start()
        ended = [wait_for_end(database, job_id) for job_id in ids]
    print("tokens of the jobs:", [job.token for job in ended])
    assert [(job.status, job.error) for job in ended] == [("succeeded", None)] * len(ids)
    assert all(job.bit_identical for job in ended)
    for job_id in ids:
        digest = outcome_digest(database, job_id)
        assert digest["epochs"] == list(range(1, LONG_TRAINING["epochs"] + 1))
        assert digest == expected


def deliver_many_times(settings: Settings, database: Database, *, jobs: int, times: int) -> None:
    """Send each job's message many times while two workers listen: each job is done once."""
    settings = fault_settings(settings)
    dataset = upload(settings, database, points_table())
    app = make_app(settings)
    with worker(settings, "first"), worker(settings, "second"):
        ids = [submit(database, dataset, **(LONG_TRAINING | {"epochs": 20})).id for _ in range(jobs)]
        for _ in range(times):
            for job_id in ids:
                assert publish(app, job_id)
        for job_id in ids:
            assert wait_for_end(database, job_id).status == "succeeded"
        wait_until(lambda: _queue_is_empty(settings), seconds=30, what="an empty queue")
    for job_id in ids:
        assert len(versions_of(database, job_id)) == 1
        assert job_now(database, job_id).token == 1, "claimed more than once"


def stop_worker_in_mid_training(settings: Settings, database: Database, *, rounds: int) -> None:
    """SIGTERM to a worker: it gives its job back within the grace period, and another one goes on where it was."""
    # Neither a lease nor the time for a checkpoint runs out here: the give-back must do it.
    settings = fault_settings(settings, lease_seconds=30.0, checkpoint_seconds=1000.0)
    dataset = upload(settings, database, points_table())
    expected = undisturbed(settings, database, dataset, **LONG_TRAINING)
    for number in range(rounds):
        with worker(settings, "leaving") as leaving:
            job_id = submit_and_publish(settings, database, dataset, **LONG_TRAINING)
            seen = wait_for_progress(database, job_id, epochs=20 + 10 * number)
            started = time.monotonic()
            leaving.signal(signal.SIGTERM)
            assert leaving.wait(GRACE_SECONDS) == 0
            print(f"stopped within {time.monotonic() - started:.2f} s")
        assert job_now(database, job_id).status == "queued"
        with worker(settings, "staying"):  # hears of the job by the message that the leaving one sent
            job = wait_for_end(database, job_id)
        assert (job.status, job.token, job.attempts) == ("succeeded", 2, 0)
        assert outcome_digest(database, job_id) == expected
        log = (settings.data_dir / "staying.log").read_text("utf-8")
        assert f"{job_id} goes on in epoch " in log, "it began anew"
        resumed_in = int(log.rpartition(f"{job_id} goes on in epoch ")[2].split()[0])
        assert resumed_in > seen.epoch, "work from before the last checkpoint was repeated"


def resume_beside_a_stopped_trainer(settings: Settings, database: Database, *, rounds: int) -> None:
    """SIGSTOP a trainer past its lease, let another finish, SIGCONT: nothing that the stale one writes is accepted."""
    settings = fault_settings(settings, worker_processes=1)
    dataset = upload(settings, database, points_table())
    expected = undisturbed(settings, database, dataset, **LONG_TRAINING)
    for _ in range(rounds):
        with reaper(settings), worker(settings, "stopped") as stopped:
            job_id = submit_and_publish(settings, database, dataset, **LONG_TRAINING)
            wait_for_progress(database, job_id, epochs=10)
            with stopped_group(stopped, database, job_id), worker(settings, "other"):
                job = wait_for_end(database, job_id)
                assert (job.status, job.token) == ("succeeded", 3)  # claim, taken back, claim
                before = outcome_digest(database, job_id)
            wait_until(
                lambda: "no longer this worker's" in stopped.read_log(), seconds=30, what="the stale worker's end"
            )
            # It works on: the next job is its own.
            another = submit_and_publish(settings, database, dataset, **(LONG_TRAINING | {"epochs": 5}))
            assert wait_for_end(database, another).status == "succeeded"
        assert before == expected
        assert outcome_digest(database, job_id) == before
        assert job_now(database, job_id).token == 3


def wake_a_stale_trainer_beside_the_new_one(settings: Settings, database: Database) -> None:
    """SIGCONT while another worker trains the job: the stale one stops, and the other one ends the job."""
    settings = fault_settings(settings, worker_processes=1)
    dataset = upload(settings, database, points_table())
    longer = LONG_TRAINING | {"epochs": 1200, "early_stopping": None}
    expected = undisturbed(settings, database, dataset, **longer)
    with reaper(settings), worker(settings, "stopped") as stopped:
        job_id = submit_and_publish(settings, database, dataset, **longer)
        wait_for_progress(database, job_id, epochs=10)
        with worker_beside(settings, stopped, database, job_id) as other:
            wait_until(lambda: f"Job {job_id} begins" in other.read_log(), seconds=30, what="another worker's claim")
        wait_until(lambda: "no longer this worker's" in stopped.read_log(), seconds=30, what="the stale worker's end")
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


def restart_broker(settings: Settings, database: Database, server: RedisServer, *, rounds: int) -> None:
    """Restart Redis, half the times by SIGKILL: the worker consumes again without a restart of its own."""
    settings = fault_settings(settings.model_copy(update={"broker_url": server.url}))
    dataset = upload(settings, database, points_table())
    with reaper(settings), worker(settings) as workers:
        for number in range(rounds):
            before = submit_and_publish(settings, database, dataset, **(LONG_TRAINING | {"epochs": 100}))
            wait_for_progress(database, before)
            if number % 2 == 0:
                server.kill()
            else:
                server.stop()
            unheard = submit(database, dataset, **(LONG_TRAINING | {"epochs": 5}))
            assert not publish(make_app(settings), unheard.id)
            server.start()
            started = time.monotonic()
            assert wait_for_end(database, unheard.id, seconds=60).status == "succeeded"
            print(f"consuming again {time.monotonic() - started:.1f} s after the restart")
            assert wait_for_end(database, before).status == "succeeded"
            assert workers.running
        assert workers.read_log().count("The worker is ready") == 1


def _queue_is_empty(settings: Settings) -> bool:
    with closing(redis.Redis.from_url(settings.broker_url)) as client:
        return client.llen(QUEUE) == 0


def _pause(seconds: float) -> None:
    """Let a random time pass: the moment of the fault is what is random."""
    time.sleep(seconds)
