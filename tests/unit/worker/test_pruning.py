"""Whether a trial goes on: judged after fixed epochs, once, by what the finished ones had by then."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from core.search_config import PrunerConfig, SearchConfig
from core.search_space import Parameter
from store.database import Database
from store.tables import DatasetRow, JobRow
from tests.support.searches import run_search, sequence_of, submit_search, trials_now
from tests.support.training import job_now, versions_of
from tests.unit.worker.test_training_job import interrupt_after
from worker.job import run_job
from worker.pruning import is_pruned
from worker.runtime import Runtime

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SPACE = (Parameter("clip", "choice", choices=(1, 2)),)


def pruned(value: float, others: list[float], metric: str = "validation_loss", **pruner: Any) -> bool:
    config = SearchConfig(space=SPACE, metric=metric)
    return is_pruned(config, PrunerConfig(**{"startup_trials": 2, **pruner}), others, 5, value)


def test_the_median_decides() -> None:
    assert pruned(0.31, [0.1, 0.3, 0.9])
    assert not pruned(0.29, [0.1, 0.3, 0.9])
    assert not pruned(0.3, [0.1, 0.3, 0.9])
    assert pruned(0.5, [0.1, 0.3], startup_trials=2)


def test_a_score_is_to_rise() -> None:
    assert pruned(0.29, [0.1, 0.3, 0.9], "validation_score")
    assert not pruned(0.31, [0.1, 0.3, 0.9], "validation_score")


def test_the_first_trials_are_never_pruned() -> None:
    assert not pruned(9.0, [0.1], startup_trials=2)
    assert not pruned(9.0, [])


def test_a_percentile_lets_so_many_go_on() -> None:
    others = [0.1, 0.2, 0.3, 0.4, 0.5]
    assert pruned(0.25, others, name="percentile", percentile=25.0)
    assert not pruned(0.25, others, name="percentile", percentile=75.0)


@SQLITE
@pytest.mark.parametrize("step", [1, 9, 23])
def test_an_interrupted_trial_is_pruned_where_an_undisturbed_one_is(
    runtime: Runtime, dataset: DatasetRow, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    database = runtime.database
    job = submit_pruned_search(database, dataset)
    expected = run_search(runtime, job.id)
    states = [state for _, _, state, _, _ in sequence_of(database, job.id)]
    assert "pruned" in states
    again = submit_pruned_search(database, dataset)
    run_job(runtime, again.id)
    given_back = 0
    while (queued := [t.id for t in trials_now(database, again.id) if t.status == "queued"]) != []:
        with monkeypatch.context() as patch:
            interrupt_after(patch, step, runtime.shutdown.raise_for_all)
            run_job(runtime, queued[0])
        given_back += runtime.shutdown.raised
        runtime.shutdown._shared[0] = 0
        if job_now(database, queued[0]).status == "queued":
            run_job(runtime, queued[0])
    assert given_back >= 3
    assert sequence_of(database, again.id) == sequence_of(database, job.id)
    (one,), (other,) = versions_of(database, job.id), versions_of(database, again.id)
    assert one.sha256 == other.sha256
    assert expected.trial == job_now(database, again.id).trial


@SQLITE
def test_a_trial_that_begins_anew_is_not_judged_again_by_what_others_did_since(
    runtime: Runtime, dataset: DatasetRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = runtime.database
    job = submit_search(
        database,
        dataset,
        trials=2,
        parallelism=2,
        space=(Parameter("optimizer.learning_rate", "choice", choices=(1e-7, 2e-3)),),
        sampler={"name": "grid"},
        pruner={"startup_trials": 1, "warmup_epochs": 2, "interval_epochs": 2},
        training={"epochs": 3, "validation_fraction": 0.3, "test_fraction": 0.0, "batch_size": 8},
    )
    run_job(runtime, job.id)
    ids = {trial.config["trial"]["optimizer.learning_rate"]: trial.id for trial in trials_now(database, job.id)}
    worse, better = ids[1e-7], ids[2e-3]
    with monkeypatch.context() as patch:
        interrupt_after(patch, 12, runtime.shutdown.raise_for_all)  # in the third epoch
        run_job(runtime, worse)
    runtime.shutdown._shared[0] = 0
    assert (job_now(database, worse).status, job_now(database, worse).epoch) == ("queued", 2)
    with database.write() as s:
        s.execute(update(JobRow).where(JobRow.id == worse).values(checkpoint_id=None))
    run_job(runtime, better)
    run_job(runtime, worse)
    assert [job_now(database, each).status for each in (better, worse)] == ["succeeded", "succeeded"]
    assert job_now(database, job.id).trial == job_now(database, better).trial


def submit_pruned_search(database: Database, dataset: DatasetRow) -> Any:
    return submit_search(
        database,
        dataset,
        trials=6,
        parallelism=1,
        sampler={"startup_trials": 2},
        pruner={"startup_trials": 1, "warmup_epochs": 2, "interval_epochs": 1},
        training={"epochs": 6, "validation_fraction": 0.3, "test_fraction": 0.0, "seed": 2, "batch_size": 8},
    )
