"""What people wait for is trained before the trials of searches."""

from __future__ import annotations

import pytest

from store.database import Database
from store.settings import Settings
from tests.support.faults.ground import SHORT_TRAINING, fault_settings, submit_and_publish, wait_for_end
from tests.support.search_faults import RATES, SIZES, TRIALS_TRAINING
from tests.support.searches import submit_search, trials_now
from tests.support.training import points_table, upload
from tests.support.workers import worker
from worker.app import make_app
from worker.search import advance_search

pytestmark = pytest.mark.slow


def test_a_training_that_comes_last_is_claimed_before_six_trials_that_wait(
    settings: Settings, database: Database
) -> None:
    settings = fault_settings(settings, worker_processes=1)
    dataset = upload(settings, database, points_table(100))
    training = {**TRIALS_TRAINING, "epochs": 3}
    search = submit_search(
        database, dataset, space=(RATES, SIZES), training=training, trials=6, parallelism=6, model="searched"
    )
    assert advance_search(database, make_app(settings), search.id)
    assert [trial.status for trial in trials_now(database, search.id)] == ["queued"] * 6
    last = submit_and_publish(settings, database, dataset, **SHORT_TRAINING)
    with worker(settings):  # without a reaper: it is the messages' order that is seen
        wait_for_end(database, search.id, seconds=90)
        job = wait_for_end(database, last)
    trials = trials_now(database, search.id)
    assert [each.status for each in (job, *trials)] == ["succeeded"] * 7
    assert job.started_at is not None
    assert all(trial.started_at is not None and trial.started_at > job.started_at for trial in trials)
    assert [trial.trial for trial in sorted(trials, key=lambda trial: trial.started_at or 0.0)] == list(range(6))
