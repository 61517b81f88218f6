"""A tenth of the fault campaign (`tests/faults`): what happens to a worker does not happen to its jobs."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlp.redis_server import RedisServer
from store.database import Database
from store.settings import Settings
from tests.support import faults

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.timeout(300)
@pytest.mark.slow
def test_jobs_whose_worker_is_killed_ten_times_end_identical_to_the_bit(settings: Settings, database: Database) -> None:
    faults.kill_workers_in_mid_training(settings, database, kills=10, jobs=3)


@pytest.mark.slow
def test_a_message_that_comes_five_times_to_two_workers_makes_one_version(
    settings: Settings, database: Database
) -> None:
    faults.deliver_many_times(settings, database, jobs=5, times=5)


@pytest.mark.slow
def test_a_worker_that_is_told_to_stop_gives_its_job_back_with_nothing_lost(
    settings: Settings, database: Database
) -> None:
    faults.stop_worker_in_mid_training(settings, database, rounds=2)


@pytest.mark.slow
def test_nothing_is_accepted_from_a_trainer_that_slept_past_its_lease(settings: Settings, database: Database) -> None:
    faults.resume_beside_a_stopped_trainer(settings, database, rounds=1)


@on_sqlite
@pytest.mark.slow
def test_a_trainer_that_wakes_beside_the_new_one_stops(settings: Settings, database: Database) -> None:
    faults.wake_a_stale_trainer_beside_the_new_one(settings, database)


@on_sqlite
@pytest.mark.slow
def test_a_worker_consumes_again_after_the_broker_was_restarted(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    with RedisServer(tmp_path / "own-redis") as server:
        faults.restart_broker(settings, database, server, rounds=2)
