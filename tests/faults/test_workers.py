"""The long form of `tests/integration/test_worker_faults.py`: the same faults, more often."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlp.redis_server import RedisServer
from store.database import Database
from store.settings import Settings
from tests.support import faults, search_faults

ROUNDS = int(os.environ.get("FAULT_ROUNDS") or 50)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


def test_jobs_whose_worker_is_killed_end_identical_to_the_bit(settings: Settings, database: Database) -> None:
    faults.kill_workers_in_mid_training(settings, database, kills=ROUNDS, jobs=10)


def test_a_message_that_comes_twenty_times_to_two_workers_makes_one_version(
    settings: Settings, database: Database
) -> None:
    faults.deliver_many_times(settings, database, jobs=ROUNDS, times=20)


def test_a_worker_that_is_told_to_stop_gives_its_job_back_with_nothing_lost(
    settings: Settings, database: Database
) -> None:
    faults.stop_worker_in_mid_training(settings, database, rounds=max(2, ROUNDS * 2 // 5))


def test_nothing_is_accepted_from_a_trainer_that_slept_past_its_lease(settings: Settings, database: Database) -> None:
    faults.resume_beside_a_stopped_trainer(settings, database, rounds=max(1, ROUNDS * 2 // 5))


def test_a_worker_consumes_again_after_the_broker_was_restarted(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    with RedisServer(tmp_path / "own-redis") as server:
        faults.restart_broker(settings, database, server, rounds=max(2, ROUNDS * 2 // 5))


def test_searches_whose_workers_are_killed_have_each_trial_once_and_one_version(
    settings: Settings, database: Database
) -> None:
    search_faults.kill_workers_in_mid_search(settings, database, kills=max(3, ROUNDS // 2), trials=12)
