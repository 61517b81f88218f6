"""Moving a search on: each trial asked for once, whoever asks, and an end whatever happens."""

from __future__ import annotations

import sys
import threading
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from core.search_space import Parameter
from store import histories, jobs, messages, searches
from store.database import Database
from store.tables import DatasetRow
from tests.support.rows import PROJECT, read_job
from tests.support.searches import (
    LAYERS,
    end_trial,
    networks_stored,
    run_search,
    sequence_of,
    study_of,
    submit_search,
    trials_now,
)
from tests.support.training import versions_of
from worker import sampling, search
from worker.job import run_job
from worker.runtime import Runtime
from worker.search import advance_search, try_to_advance

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
QUICK: dict[str, Any] = {"epochs": 4, "validation_fraction": 0.3, "test_fraction": 0.0}


def median(values: list[float]) -> float:
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def history_of(database: Database, job_id: str) -> list[dict[str, Any]]:
    with database.read() as s:
        return histories.history(s, job_id, limit=1000)


def test_a_search_ends_with_the_network_of_its_best_trial(runtime: Runtime, dataset: DatasetRow) -> None:
    database = runtime.database
    job = submit_search(database, dataset, trials=5, parallelism=2, training=QUICK)
    ended = run_search(runtime, job.id)
    trials = trials_now(database, job.id)
    values = [trial.trial_value for trial in trials]
    assert [(trial.trial, trial.status) for trial in trials] == [(number, "succeeded") for number in range(5)]
    assert (ended.status, ended.epoch, ended.trial_value) == ("succeeded", 5, min(v for v in values if v is not None))
    assert ended.trial == values.index(ended.trial_value)
    (version,) = versions_of(database, job.id)
    assert (version.source, version.version, ended.model_version) == ("trained", 1, 1)
    best = trials[ended.trial]
    assert version.config["training"] == best.config["training"]
    assert version.best_epoch == best.best_epoch == ended.best_epoch
    assert list(version.network["layer_sizes"][1:-1]) == best.config["trial"]["network.hidden"]
    assert all(versions_of(database, trial.id) == [] for trial in trials)
    assert networks_stored(database) == 1


def test_two_searches_at_parallelism_1_are_equal_to_the_bit(runtime: Runtime, dataset: DatasetRow) -> None:
    database = runtime.database
    asked: dict[str, Any] = {
        "trials": 8,
        "parallelism": 1,
        "sampler": {"startup_trials": 3},
        "pruner": {"startup_trials": 2, "warmup_epochs": 2, "interval_epochs": 1},
        "training": QUICK,
    }
    first, second = (submit_search(database, dataset, **asked) for _ in range(2))
    for job in (first, second):
        assert run_search(runtime, job.id).status == "succeeded"
    assert sequence_of(database, first.id) == sequence_of(database, second.id)
    assert len({str(values) for _, values, *_ in sequence_of(database, first.id)}) == 8
    (one,), (other,) = versions_of(database, first.id), versions_of(database, second.id)
    assert one.sha256 == other.sha256
    third = submit_search(database, dataset, **{**asked, "training": {**QUICK, "seed": 1}})
    run_search(runtime, third.id)
    assert sequence_of(database, third.id)[0][1] != sequence_of(database, first.id)[0][1]


@pytest.mark.parametrize("contenders", [6])
def test_of_many_that_move_a_search_on_at_once_each_trial_is_asked_for_once(
    runtime: Runtime, dataset: DatasetRow, contenders: int
) -> None:
    database = runtime.database
    job = submit_search(database, dataset, trials=7, parallelism=3, training=QUICK)
    start = threading.Barrier(contenders)
    failures: list[BaseException] = []

    def move_on() -> None:
        try:
            start.wait(30)
            assert advance_search(database, runtime.app, job.id)
        except BaseException as error:  # noqa: BLE001  (raised where the threads are joined)
            failures.append(error)

    for ended in range(4):
        threads = [threading.Thread(target=move_on) for _ in range(contenders)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert failures == []
        trials = trials_now(database, job.id)
        assert [trial.trial for trial in trials] == list(range(3 + ended))
        assert sum(trial.status == "queued" for trial in trials) == 3
        end_trial(database, trials[ended].id, 0.5)  # by a worker that dies then


def test_a_trial_that_ends_while_the_next_one_is_asked_for_is_heard_of(
    runtime: Runtime, dataset: DatasetRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = runtime.database
    job = submit_search(database, dataset, trials=9, parallelism=3, training=QUICK)
    run_job(runtime, job.id)
    ids = [trial.id for trial in trials_now(database, job.id)]
    end_trial(database, ids[0], 0.5)
    seen: list[int] = []

    def asked(*arguments: Any) -> list[dict[str, Any]]:
        seen.append(sum(past.state == "complete" for past in arguments[2]))
        if len(seen) == 1:
            end_trial(database, ids[1], 0.4)
        return sampling.next_values(*arguments)

    monkeypatch.setattr(search, "next_values", asked)
    assert advance_search(database, runtime.app, job.id)
    assert seen == [1, 2]
    assert [trial.status for trial in trials_now(database, job.id)] == [*["succeeded"] * 2, *["queued"] * 3]


def test_a_pruner_ends_trials_by_the_median_of_those_before(runtime: Runtime, dataset: DatasetRow) -> None:
    database = runtime.database
    rates = tuple(10.0**-power for power in (5, 2, 6, 3, 7, 1, 4))
    job = submit_search(
        database,
        dataset,
        trials=7,
        parallelism=1,
        space=(Parameter("optimizer.learning_rate", "choice", choices=rates),),
        sampler={"name": "grid"},
        pruner={"startup_trials": 1, "warmup_epochs": 2, "interval_epochs": 2},
        training={**QUICK, "epochs": 9, "seed": 4},
    )
    assert run_search(runtime, job.id).status == "succeeded"
    finished: list[list[float]] = []
    pruned = 0
    for trial in trials_now(database, job.id):
        losses = [report["validation_loss"] for report in history_of(database, trial.id)]
        best = [min(losses[: epoch + 1]) for epoch in range(len(losses))]
        expected = None
        for epoch in (2, 4, 6, 8):
            others = sorted(other[min(epoch, len(other)) - 1] for other in finished)
            if others and epoch <= len(best) and best[epoch - 1] > median(others):
                expected = epoch
                break
        if expected is None:
            assert (trial.status, trial.epoch, trial.error) == ("succeeded", 9, None)
            assert trial.trial_value == min(losses)
            finished.append(best)
            continue
        pruned += 1
        assert (searches.trial_state(trial), trial.status, trial.epoch) == ("pruned", "cancelled", expected)
        assert trial.error is not None
        assert trial.error["code"] == "pruned"
        assert f"After epoch {expected} " in trial.error["detail"]
        assert trial.trial_value == best[-1]
    assert 2 <= pruned <= 5
    assert networks_stored(database) == 1


def test_values_that_do_not_go_together_are_a_failed_trial_and_the_search_goes_on(
    runtime: Runtime, dataset: DatasetRow
) -> None:
    database = runtime.database
    together = (
        Parameter("optimizer.name", "choice", choices=("adam", "sgd")),
        Parameter("optimizer.beta_1", "choice", choices=(0.8, 5.0)),
    )
    job = submit_search(
        database, dataset, trials=4, parallelism=4, space=together, sampler={"name": "grid"}, training=QUICK
    )
    assert run_search(runtime, job.id).status == "succeeded"
    states = {}
    for trial in trials_now(database, job.id):
        code = None if trial.error is None else trial.error["code"]
        states[trial.config["trial"]["optimizer.name"], trial.config["trial"]["optimizer.beta_1"]] = trial.status, code
    assert states["adam", 0.8] == ("succeeded", None)
    assert states["adam", 5.0] == ("failed", "invalid_configuration")


def test_a_search_of_trials_that_all_fail_fails_and_says_so(runtime: Runtime, dataset: DatasetRow) -> None:
    job = submit_search(runtime.database, dataset, trials=3, training=QUICK)
    runtime.files.delete(dataset.blob_key)
    ended = run_search(runtime, job.id)
    assert ended.status == "failed"
    assert ended.error is not None
    assert ended.error["code"] == "no_trial_succeeded"
    assert ended.error["hint"]
    assert networks_stored(runtime.database) == 0


def test_a_grid_ends_with_its_last_point(runtime: Runtime, dataset: DatasetRow) -> None:
    job = submit_search(runtime.database, dataset, trials=50, space=(LAYERS,), sampler={"name": "grid"}, training=QUICK)
    assert run_search(runtime, job.id).status == "succeeded"
    asked = [trial.config["trial"]["network.hidden"] for trial in trials_now(runtime.database, job.id)]
    assert sorted(asked) == [[4], [8], [8, 4]]


def test_the_network_of_a_cancelled_search_is_that_of_its_best_trial(runtime: Runtime, dataset: DatasetRow) -> None:
    job = submit_search(runtime.database, dataset, trials=9, parallelism=1, training=QUICK)
    run_job(runtime, job.id)
    for number in range(3):
        run_job(runtime, trials_now(runtime.database, job.id)[number].id)
    with runtime.database.write() as s:
        jobs.request_cancel(s, PROJECT, job.id, "best")
    ended = read_job(runtime.database, job.id)
    (version,) = versions_of(runtime.database, job.id)
    assert (ended.status, version.source, ended.model_version) == ("cancelled", "kept", version.version)
    assert [trial.status for trial in trials_now(runtime.database, job.id)] == [*["succeeded"] * 3, "cancelled"]
    assert not advance_search(runtime.database, runtime.app, job.id)


@SQLITE
def test_a_search_that_has_nothing_new_is_left_as_it_is(runtime: Runtime, dataset: DatasetRow) -> None:
    job = submit_search(runtime.database, dataset, trials=4, parallelism=2, training=QUICK)
    run_job(runtime, job.id)
    before = study_of(runtime.database, job.id).search.token
    assert advance_search(runtime.database, runtime.app, job.id)
    assert study_of(runtime.database, job.id).search.token == before


@SQLITE
def test_a_search_without_its_library_fails_and_names_the_extra(
    runtime: Runtime, dataset: DatasetRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit_search(runtime.database, dataset, training=QUICK)
    sampling.optuna.cache_clear()
    monkeypatch.setitem(sys.modules, "optuna", None)
    run_job(runtime, job.id)
    ended = read_job(runtime.database, job.id)
    assert ended.status == "failed"
    assert ended.error is not None
    assert ended.error["code"] == "not_available"
    assert "mlp-service[search]" in ended.error["hint"]


@SQLITE
def test_a_fault_of_ours_ends_the_search_with_an_incident(
    runtime: Runtime, dataset: DatasetRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: Any) -> None:
        raise RuntimeError("broken")

    job = submit_search(runtime.database, dataset, training=QUICK)
    monkeypatch.setattr(search, "next_values", break_down)
    run_job(runtime, job.id)
    ended = read_job(runtime.database, job.id)
    assert ended.error is not None
    assert (ended.status, ended.error["code"]) == ("failed", "internal_error")


@SQLITE
def test_a_message_that_could_not_be_sent_is_left_to_the_reaper(
    runtime: Runtime, dataset: DatasetRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit_search(runtime.database, dataset, trials=2, parallelism=2, training=QUICK)
    monkeypatch.setattr(search, "publish", lambda *_: False)
    run_job(runtime, job.id)
    assert [trial.published_at for trial in trials_now(runtime.database, job.id)] == [None, None]
    with runtime.database.read() as s:
        assert len(messages.republishable(s, 1000.0)) == 2


@SQLITE
def test_a_search_is_left_to_the_reaper_where_the_database_is_away(
    runtime: Runtime, dataset: DatasetRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("SELECT 1", {}, Exception("database is locked"))

    job = submit_search(runtime.database, dataset, training=QUICK)
    monkeypatch.setattr(searches, "read_study", away)
    assert try_to_advance(runtime.database, runtime.app, job.id)
    assert read_job(runtime.database, job.id).status == "running"
