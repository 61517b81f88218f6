"""The reaper brings back what a dead worker or a forgetful broker left."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
import redis

from store import leases
from store.database import Database
from store.messages import unmark_published
from store.settings import Settings
from store.tables import JobRow
from tests.support.outage import FlakyDatabase
from tests.support.rows import queued_job, read_job, running_job
from tests.support.searches import end_trial, submit_search, trials_now
from tests.support.training import points_table, upload
from tests.support.workers import reaper, wait_until
from worker import readiness
from worker.app import QUEUE, TRIALS_QUEUE, make_app
from worker.reaper import Reaper, store_sweeps

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def a_reaper(
    settings: Settings, database: Database, sweeps: dict[str, Callable[[], int]] | None = None, **changes: object
) -> Reaper:
    settings = settings.model_copy(update={"lease_seconds": 2.0, "sweep_seconds": 3600.0, **changes})
    return Reaper(settings, database, make_app(settings), sweeps or {})


def messages(settings: Settings) -> int:
    with closing(redis.Redis.from_url(settings.broker_url)) as client:
        return sum(int(client.llen(queue)) for queue in (QUEUE, TRIALS_QUEUE))  # type: ignore[arg-type]


def test_an_expired_job_is_queued_and_published_in_one_round(settings: Settings, database: Database) -> None:
    job, _ = running_job(database, lease_seconds=-1.0)
    a_reaper(settings, database).round()
    assert read_job(database, job.id).status == "queued"
    assert messages(settings) == 1


def test_jobs_that_wait_for_long_do_not_fill_the_broker(settings: Settings, database: Database) -> None:
    jobs = [queued_job(database).id for _ in range(60)]
    reaping = a_reaper(settings, database, lease_seconds=60.0)

    def go_round_when_every_message_may_be_lost() -> int:
        with database.write() as s:
            for job_id in jobs:
                unmark_published(s, job_id)
        reaping.round()
        return messages(settings)

    assert [go_round_when_every_message_may_be_lost() for _ in range(5)] == [60, 120, 180, 220, 220]
    with closing(redis.Redis.from_url(settings.broker_url)) as client:
        client.flushall()
    assert go_round_when_every_message_may_be_lost() == 60


def test_a_job_whose_lease_holds_is_left_alone(settings: Settings, database: Database) -> None:
    job, fence = running_job(database, lease_seconds=30.0)
    a_reaper(settings, database).round()
    assert (read_job(database, job.id).status, read_job(database, job.id).token) == ("running", fence.token)


def test_a_search_that_nobody_lived_to_move_on_is_moved_on(settings: Settings, database: Database) -> None:
    search = queued_search(settings, database, trials=5, parallelism=2)
    a_reaper(settings, database).round()
    trials = trials_now(database, search.id)
    assert [(trial.trial, trial.status) for trial in trials] == [(0, "queued"), (1, "queued")]
    assert messages(settings) == 2
    end_trial(database, trials[0].id, 0.5)
    a_reaper(settings, database).round()
    assert [trial.status for trial in trials_now(database, search.id)] == ["succeeded", "queued", "queued"]
    assert (read_job(database, search.id).epoch, messages(settings)) == (1, 3)


def test_many_reapers_ask_for_each_trial_once(settings: Settings, database: Database) -> None:
    search = queued_search(settings, database, trials=9, parallelism=3)
    rounds = [threading.Thread(target=a_reaper(settings, database).round) for _ in range(4)]
    for each in rounds:
        each.start()
    for each in rounds:
        each.join(60)
    assert [trial.trial for trial in trials_now(database, search.id)] == [0, 1, 2]
    assert messages(settings) == 3


def test_a_trial_whose_worker_is_lost_for_good_is_told_to_its_search(settings: Settings, database: Database) -> None:
    search = queued_search(settings, database, trials=2, parallelism=1)
    a_reaper(settings, database).round()
    for _ in range(2):
        (*_, trial) = trials_now(database, search.id)
        with database.write() as s:
            leases.claim(s, trial.id, worker="dies", lease_seconds=-1.0)
        a_reaper(settings, database, max_attempts=1).round()
    ended = read_job(database, search.id)
    assert [trial.status for trial in trials_now(database, search.id)] == ["failed", "failed"]
    assert ended.error is not None
    assert (ended.status, ended.error["code"]) == ("failed", "no_trial_succeeded")


def queued_search(settings: Settings, database: Database, **search: int) -> JobRow:
    return submit_search(database, upload(settings, database, points_table(40)), **search)


def test_many_reapers_send_one_message(settings: Settings, database: Database) -> None:
    running_job(database, lease_seconds=-1.0)
    rounds = [threading.Thread(target=a_reaper(settings, database).round) for _ in range(4)]
    for each in rounds:
        each.start()
    for each in rounds:
        each.join(30)
    assert messages(settings) == 1


def test_a_message_that_was_lost_is_sent_again_a_lease_later(settings: Settings, database: Database) -> None:
    queued_job(database)
    reaping = a_reaper(settings, database, lease_seconds=0.3)

    def sent() -> bool:
        reaping.round()
        return messages(settings) == 1

    reaping.round()
    assert messages(settings) == 0
    wait_until(sent, seconds=10)


def test_a_job_that_came_back_too_often_fails(settings: Settings, database: Database) -> None:
    job, _ = running_job(database, lease_seconds=-1.0)
    a_reaper(settings, database, max_attempts=1).round()
    failed = read_job(database, job.id)
    assert failed.status == "failed"
    assert failed.error is not None
    assert failed.error["code"] == "worker_lost"


@on_sqlite
def test_more_jobs_than_one_page_are_taken_back_in_one_round(settings: Settings, database: Database) -> None:
    ids = [running_job(database, lease_seconds=-1.0)[0].id for _ in range(105)]
    a_reaper(settings, database).round()
    assert {read_job(database, job_id).status for job_id in ids} == {"queued"}


@on_sqlite
def test_sweeps_run_when_it_is_time(settings: Settings, database: Database) -> None:
    swept: list[int] = []
    reaping = a_reaper(settings, database, {"things": lambda: swept.append(1) or 1})
    reaping.round()
    reaping.round()
    assert swept == [1]


@on_sqlite
def test_storage_that_is_away_keeps_no_job_waiting(settings: Settings, database: Database) -> None:
    def away() -> int:
        raise OSError("the bucket does not answer")

    reaping = a_reaper(settings, database, {"dataset files": away}, sweep_seconds=0.0001)
    reaping.round()
    job, _ = running_job(database, lease_seconds=-1.0)
    reaping.round()
    assert read_job(database, job.id).status == "queued"


def test_the_stores_sweeps_do_nothing_on_a_fresh_store(settings: Settings, database: Database) -> None:
    assert {what: sweep() for what, sweep in store_sweeps(settings, database).items()} == {
        "checkpoints": 0,
        "dataset files": 0,
        "logged predictions": 0,
    }


@pytest.fixture
def flaky(database: Database) -> Iterator[FlakyDatabase]:
    flaky = FlakyDatabase(database.url, pool_size=2)
    yield flaky
    flaky.dispose()


@on_sqlite
def test_after_an_outage_workers_get_a_whole_lease(
    settings: Settings, database: Database, flaky: FlakyDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "_PAUSE_SECONDS", 0.05)
    end = threading.Event()
    flaky.away = True
    reaping = threading.Thread(target=a_reaper(settings, flaky, lease_seconds=1.0).run, args=(end,))
    reaping.start()
    try:
        job, _ = running_job(database, lease_seconds=-1.0)  # it ran out while the database was away
        wait_until(lambda: flaky.refused > 0)
        flaky.away = False
        back = time.monotonic()
        wait_until(lambda: read_job(database, job.id).status == "queued", seconds=10)
        assert time.monotonic() - back > 0.9
    finally:
        end.set()
        reaping.join(10)


@on_sqlite
def test_sigterm_ends_the_process_at_once(settings: Settings, database: Database) -> None:
    with reaper(settings) as process:
        started = time.monotonic()
        process.signal(signal.SIGTERM)
        assert process.wait(5) == 0
        assert time.monotonic() - started < 2.0
