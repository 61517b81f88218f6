"""Searches by real workers: to the end, killed, cancelled, pruned."""

from __future__ import annotations

import time

import pytest

from core.search_space import Parameter
from store import jobs
from store.database import Database
from store.settings import Settings
from tests.support.faults import fault_settings, wait_for_end
from tests.support.search_faults import (
    TRIALS_TRAINING,
    check_whole,
    kill_workers_in_mid_search,
    start_search,
    states_of,
    wait_for_trials,
)
from tests.support.searches import networks_stored, trials_now
from tests.support.training import PROJECT, job_now, points_table, upload, versions_of
from tests.support.workers import reaper, worker

pytestmark = pytest.mark.slow
SHORT = {**TRIALS_TRAINING, "epochs": 12}


def test_two_workers_share_a_search_and_leave_one_version(settings: Settings, database: Database) -> None:
    settings = fault_settings(settings, worker_processes=2)
    dataset = upload(settings, database, points_table())
    with worker(settings, "first"), worker(settings, "second"):  # no reaper: each trial's end moves the search on
        job_id = start_search(settings, database, dataset, trials=12, parallelism=4, training=SHORT)
        wait_for_end(database, job_id)
    check_whole(database, job_id, trials=12)
    assert [trial.token for trial in trials_now(database, job_id)] == [1] * 12
    assert len({trial.worker for trial in trials_now(database, job_id)}) >= 2


@pytest.mark.timeout(600)
def test_a_search_whose_workers_are_killed_ends_with_each_trial_once_and_one_version(
    settings: Settings, database: Database
) -> None:
    kill_workers_in_mid_search(settings, database, kills=3, trials=4)


def test_a_search_whose_worker_and_trial_are_gone_is_moved_on_by_two_reapers(
    settings: Settings, database: Database
) -> None:
    settings = fault_settings(settings, worker_processes=1)
    dataset = upload(settings, database, points_table())
    with worker(settings) as dying:
        job_id = start_search(settings, database, dataset, trials=3, parallelism=1)
        (first,) = wait_for_trials(database, job_id, "running")
        dying.kill_group()
    with database.write() as s:
        jobs.request_cancel(s, PROJECT, first.id)
    with reaper(settings), reaper(settings, "other"), worker(settings, "next"):
        search = wait_for_end(database, job_id)
    assert (search.status, search.epoch) == ("succeeded", 3)
    assert states_of(database, job_id) == ["cancelled", "complete", "complete"]
    assert len(versions_of(database, job_id)) == 1


@pytest.mark.parametrize("keep", [None, "best"])
def test_a_running_search_is_cancelled_within_seconds(settings: Settings, database: Database, keep: str | None) -> None:
    settings = fault_settings(settings, worker_processes=2)
    dataset = upload(settings, database, points_table())
    stopping = {"metric": "validation_loss", "patience": 100_000, "min_delta": 0.0}
    endless = {**TRIALS_TRAINING, "epochs": 100_000, "early_stopping": stopping}
    with worker(settings):
        job_id = start_search(settings, database, dataset, trials=9, parallelism=4, training=endless)
        wait_for_trials(database, job_id, "running", 2)
        started = time.monotonic()
        with database.write() as s:
            jobs.request_cancel(s, PROJECT, job_id, keep)
        search = wait_for_end(database, job_id)
        assert time.monotonic() - started < 3.0
    assert (search.status, search.model_version) == ("cancelled", None)
    assert states_of(database, job_id) == ["cancelled"] * 4
    assert versions_of(database, job_id) == []
    assert networks_stored(database) == 0


def test_the_best_of_a_cancelled_search_is_kept(settings: Settings, database: Database) -> None:
    settings = fault_settings(settings, worker_processes=1)
    dataset = upload(settings, database, points_table())
    with worker(settings):
        job_id = start_search(settings, database, dataset, trials=200, parallelism=2, training=SHORT)
        wait_for_trials(database, job_id, "succeeded", 3)
        with database.write() as s:
            jobs.request_cancel(s, PROJECT, job_id, "best")
        search = wait_for_end(database, job_id)
    (version,) = versions_of(database, job_id)
    best = min(t.trial_value for t in trials_now(database, job_id) if t.trial_value is not None)
    assert (search.status, search.trial_value) == ("cancelled", best)
    assert (version.source, version.version) == ("kept", search.model_version)
    assert len(trials_now(database, job_id)) < 50
    assert networks_stored(database) == 1


def test_hopeless_trials_are_pruned_and_the_search_goes_on(settings: Settings, database: Database) -> None:
    settings = fault_settings(settings, worker_processes=2)
    dataset = upload(settings, database, points_table())
    with worker(settings):
        job_id = start_search(
            settings,
            database,
            dataset,
            trials=12,
            parallelism=2,
            space=(Parameter("optimizer.learning_rate", "float", low=1e-6, high=3e-2, log=True),),
            pruner={"startup_trials": 3, "warmup_epochs": 10, "interval_epochs": 5},
            training={**TRIALS_TRAINING, "epochs": 40},
        )
        search = wait_for_end(database, job_id)
    assert (search.status, search.epoch) == ("succeeded", 12)
    states = states_of(database, job_id)
    assert set(states) == {"complete", "pruned"}
    for trial, state in zip(trials_now(database, job_id), states, strict=True):
        if state == "pruned":
            assert trial.epoch in range(10, 40, 5)
            assert trial.trial_value is not None
            assert search.trial_value is not None
            assert trial.trial_value > search.trial_value
        else:
            assert trial.epoch == 40
    assert len(versions_of(database, job_id)) == 1
    assert job_now(database, job_id).trial is not None
