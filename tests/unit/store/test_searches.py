"""Searches as rows: moved on by the ends of their trials, each trial once, one version at the end."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from store import candidates, datasets, jobs, leases, messages, registry, searches, submission, trial_values
from store.database import Database
from store.errors import Conflict, LeaseLost
from store.registry_tables import ModelVersionRow, WeightsRow
from store.search_tables import CandidateRow, TrialValueRow
from store.searches import NewTrial
from store.tables import JobRow
from tests.support.rows import PROJECT, new_version, queued_job, read_job
from tests.support.searches import (
    add_trials,
    end_trial,
    move_on,
    run_trial,
    search_row,
    study_of,
    trials_now,
)

TRIAL = NewTrial({"task": "classification", "target": "species", "trial": {}}, 5)


def versions(database: Database) -> list[tuple[str | None, str, str]]:
    with database.read() as s:
        rows = s.scalars(select(ModelVersionRow).order_by(ModelVersionRow.version))
        return [(row.job_id, row.source, row.sha256) for row in rows]


def left(database: Database) -> tuple[int, int]:
    """Candidates and weights that there are."""
    with database.read() as s:
        counts = [s.scalar(select(func.count()).select_from(table)) or 0 for table in (CandidateRow, WeightsRow)]
    return counts[0], counts[1]


def states(database: Database, search_id: str) -> list[str]:
    return [searches.trial_state(trial) for trial in trials_now(database, search_id)]


def cancel(database: Database, job_id: str, keep: str | None = None) -> JobRow:
    with database.write() as s:
        return jobs.request_cancel(s, PROJECT, job_id, keep)


def test_a_search_runs_from_the_start_and_neither_worker_nor_reaper_takes_it(database: Database) -> None:
    search = search_row(database)
    assert (search.status, search.lease_expires_at) == ("running", None)
    assert search.started_at is not None
    with database.write() as s:
        assert leases.claim(s, search.id, worker="w", lease_seconds=30) is None
        assert leases.expired(s) == []
        assert messages.republishable(s, 0.0) == []
        assert leases.take_back(s, leases.Fence(search.id, search.token), 3) is None


def test_trials_are_jobs_with_numbers_from_0(database: Database) -> None:
    search = search_row(database, trials=4, parallelism=3)
    assert study_of(database, search.id).room == 3
    ids = add_trials(database, search.id, 3)
    trials = trials_now(database, search.id)
    assert [trial.id for trial in trials] == ids
    assert [(t.kind, t.status, t.trial, t.epochs, t.dataset_sha256) for t in trials] == [
        ("train", "queued", number, 5, search.dataset_sha256) for number in range(3)
    ]
    assert study_of(database, search.id).room == 0
    end_trial(database, ids[0], 0.5)
    end_trial(database, ids[1], 0.4)
    assert study_of(database, search.id).room == 1, "only four were asked for"


@pytest.mark.parametrize("contenders", [2, 8])
def test_of_many_that_move_a_search_on_at_once_one_adds_the_trials(database: Database, contenders: int) -> None:
    search = search_row(database, trials=6, parallelism=2)
    start, outcomes = threading.Barrier(contenders), []

    def move() -> None:
        study = study_of(database, search.id)
        start.wait(timeout=10)
        try:
            with database.write() as s:
                outcomes.append(searches.advance(s, study, [TRIAL] * study.room))
        except LeaseLost:
            outcomes.append([])

    threads = [threading.Thread(target=move) for _ in range(contenders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(map(len, outcomes)) == [0] * (contenders - 1) + [2]
    assert [trial.trial for trial in trials_now(database, search.id)] == [0, 1]


def test_the_database_itself_refuses_a_trial_twice(database: Database) -> None:
    search = search_row(database)
    add_trials(database, search.id, 1)
    with pytest.raises(IntegrityError), database.write() as s:
        first = s.scalars(select(JobRow).where(JobRow.search_id == search.id)).one()
        copied = {name: getattr(first, name) for name in ("config", "dataset_id", "dataset_name", "dataset_version")}
        s.add(
            JobRow(id="job_again", project_id=PROJECT, dataset_sha256="0" * 64, search_id=search.id, trial=0, **copied)
        )


def test_what_was_read_before_a_trial_ended_cannot_be_written(database: Database) -> None:
    search = search_row(database, trials=4, parallelism=2)
    ids = add_trials(database, search.id, 1)
    early = study_of(database, search.id)
    end_trial(database, ids[0], 0.5)
    with pytest.raises(LeaseLost), database.write() as s:
        searches.advance(s, early, [TRIAL])
    assert len(trials_now(database, search.id)) == 1


def test_the_best_trials_network_becomes_the_searchs_one_version(database: Database) -> None:
    search = search_row(database, trials=3, parallelism=3)
    ids = add_trials(database, search.id, 3)
    end_trial(database, ids[0], 0.5, weights=b"first")
    end_trial(database, ids[1], 0.3, weights=b"second")
    assert versions(database) == []
    assert left(database) == (1, 1)
    end_trial(database, ids[2], 0.4, weights=b"third")
    move_on(database, search.id)
    ended = read_job(database, search.id)
    assert (ended.status, ended.trial, ended.trial_value, ended.best_epoch) == ("succeeded", 1, 0.3, 1)
    assert (ended.model_version, ended.epoch) == (1, 3)
    assert [(job, source) for job, source, _ in versions(database)] == [(search.id, "trained")]
    with database.read() as s:
        row = registry.get_version(s, PROJECT, "iris", 1)
        assert registry.load_weights(s, row) == b"second"
    assert left(database) == (0, 1)


def test_a_metric_that_is_to_rise_is_maximised(database: Database) -> None:
    search = search_row(database, trials=2, metric="validation_score")
    for job_id, value in zip(add_trials(database, search.id, 2), (0.3, 0.5), strict=True):
        end_trial(database, job_id, value)
    assert read_job(database, search.id).trial == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_equal_trials_the_one_asked_for_first_is_the_best_whichever_ends_first(
    database: Database, order: tuple[int, int]
) -> None:
    search = search_row(database, trials=2)
    ids = add_trials(database, search.id, 2)
    for number in order:
        end_trial(database, ids[number], 0.5)
    assert read_job(database, search.id).trial == 0


def test_a_search_of_which_no_trial_succeeded_fails_and_says_so(database: Database) -> None:
    search = search_row(database, trials=2)
    for job_id in add_trials(database, search.id, 2):
        end_trial(database, job_id, None)
    move_on(database, search.id)
    ended = read_job(database, search.id)
    assert ended.status == "failed"
    assert ended.error is not None
    assert (ended.error["code"], bool(ended.error["hint"])) == ("no_trial_succeeded", True)
    assert versions(database) == []


def test_a_trial_whose_claim_is_void_leaves_the_search_as_it_was(database: Database) -> None:
    search = search_row(database, trials=2)
    job, fence = run_trial(database, add_trials(database, search.id, 1)[0])
    before = read_job(database, search.id)
    with pytest.raises(LeaseLost), database.write() as s:
        held = searches.hold(s, job)
        assert held is not None
        candidates.offer(s, held, job, 0.1, new_version(job.id))
        leases.finish(s, leases.Fence(fence.job_id, fence.token - 1), "succeeded")
    after = read_job(database, search.id)
    assert (after.trial, after.token) == (None, before.token)
    assert left(database) == (0, 0)


def test_a_cancelled_search_ends_with_its_last_running_trial(database: Database) -> None:
    search = search_row(database, trials=9, parallelism=3)
    ids = add_trials(database, search.id, 3)
    end_trial(database, ids[0], 0.5)
    _, fence = run_trial(database, ids[1])
    answered = cancel(database, search.id)
    assert (answered.status, answered.cancel_requested) == ("running", True)
    assert states(database, search.id) == ["complete", "running", "cancelled"]
    assert study_of(database, search.id).room == 0
    with database.read() as s:
        assert leases.cancellation(s, fence).cancel_requested
    with database.write() as s:
        leases.finish(s, fence, "cancelled")
    move_on(database, search.id)
    assert read_job(database, search.id).status == "cancelled"
    assert versions(database) == []
    assert left(database) == (0, 0)


def test_a_cancel_is_not_overtaken_by_trials_that_were_asked_for_before_it(database: Database) -> None:
    search = search_row(database, trials=9, parallelism=3)
    run_trial(database, add_trials(database, search.id, 1)[0])
    early = study_of(database, search.id)
    cancel(database, search.id)
    with pytest.raises(LeaseLost), database.write() as s:
        searches.advance(s, early, [TRIAL])


def test_a_cancelled_search_with_nothing_running_ends_at_once_and_keeps_its_best(database: Database) -> None:
    search = search_row(database, trials=9, parallelism=3)
    end_trial(database, add_trials(database, search.id, 3)[0], 0.5)
    answered = cancel(database, search.id, "best")
    assert (answered.status, answered.model_version) == ("cancelled", 1)
    assert [(job, source) for job, source, _ in versions(database)] == [(search.id, "kept")]
    assert states(database, search.id) == ["complete", "cancelled", "cancelled"]


def test_a_search_that_is_cancelled_before_any_trial_ended_has_nothing_to_keep(database: Database) -> None:
    search = search_row(database)
    assert cancel(database, search.id, "best").status == "cancelled"
    assert versions(database) == []
    with pytest.raises(Conflict, match="ended already"):
        cancel(database, search.id)


def test_a_trial_that_ends_after_its_search_offers_it_nothing(database: Database) -> None:
    search = search_row(database, trials=2)
    ids = add_trials(database, search.id, 2)
    run_trial(database, ids[1])
    with database.write() as s:
        searches.fail(s, search.id, {"code": "internal_error", "detail": "Something.", "hint": None})
        searches.fail(s, search.id, {"code": "again", "detail": "Something else.", "hint": None})
    assert states(database, search.id) == ["cancelled", "running"]
    with database.write() as s:
        assert searches.hold(s, trials_now(database, search.id)[1]) is None
    ended = read_job(database, search.id)
    assert ended.error is not None
    assert (ended.status, ended.error["code"]) == ("failed", "internal_error")
    with database.read() as s:
        assert searches.read_study(s, search.id) is None


def test_searches_that_can_be_moved_on_are_found(database: Database) -> None:
    def waiting() -> list[str]:
        with database.read() as s:
            return searches.in_need(s)

    assert waiting() == []
    search = search_row(database, trials=3, parallelism=2)
    assert waiting() == [search.id], "it has no trial yet"
    ids = add_trials(database, search.id, 2)
    assert waiting() == []
    cancel(database, ids[0])  # by itself: nobody moves the search on
    assert waiting() == [search.id]
    last = add_trials(database, search.id, 1)
    assert waiting() == []
    end_trial(database, ids[1], 0.5)
    assert waiting() == [search.id], "it has not heard of the end"
    move_on(database, search.id)
    assert waiting() == []
    end_trial(database, last[0], 0.5)
    assert waiting() == [search.id], "it is to end"
    move_on(database, search.id)
    assert (waiting(), read_job(database, search.id).status) == ([], "succeeded")


def test_a_dataset_cannot_be_deleted_while_a_search_needs_it(database: Database) -> None:
    search = search_row(database)
    with pytest.raises(Conflict, match=search.id), database.write() as s:
        datasets.delete(s, PROJECT, search.dataset_id)


def test_a_model_name_is_a_searchs_from_the_start(database: Database) -> None:
    search = search_row(database)
    with pytest.raises(Conflict) as refusal:
        queued_job(database, config={"task": "regression", "target": "petal_length"})
    assert refusal.value.code == "model_target_mismatch"
    cancel(database, search.id)
    queued_job(database, config={"task": "regression", "target": "petal_length"})


def test_a_trial_is_deleted_after_its_search_has_ended_and_with_it(database: Database) -> None:
    search = search_row(database, trials=3)
    ids = add_trials(database, search.id, 3)
    end_trial(database, ids[0], 0.5)
    with pytest.raises(Conflict, match="still runs"), database.write() as s:
        jobs.delete_job(s, PROJECT, ids[0])
    with pytest.raises(Conflict, match="cancel it first"), database.write() as s:
        jobs.delete_job(s, PROJECT, search.id)
    cancel(database, search.id, "best")
    with database.write() as s:
        jobs.delete_job(s, PROJECT, ids[0])
    assert [trial.trial for trial in trials_now(database, search.id)] == [1, 2]
    with database.write() as s:
        jobs.delete_job(s, PROJECT, search.id)
    with database.read() as s:
        assert s.scalar(select(func.count()).select_from(JobRow)) == 0
    assert len(versions(database)) == 1, "what was published stays"


def test_a_retried_search_is_a_new_one_and_a_retried_trial_is_of_no_search(database: Database) -> None:
    search = search_row(database, trials=3)
    end_trial(database, add_trials(database, search.id, 1)[0], None)
    trial = trials_now(database, search.id)[0]
    with database.write() as s:
        alone = jobs.retry_job(s, PROJECT, trial.id)
    assert (alone.kind, alone.status, alone.search_id, alone.trial) == ("train", "queued", None, None)
    assert "trial" not in alone.config
    cancel(database, search.id)
    with database.write() as s:
        again = jobs.retry_job(s, PROJECT, search.id)
    assert (again.kind, again.status, again.retry_of, again.epochs) == ("search", "running", search.id, 3)
    assert trials_now(database, again.id) == []


def test_a_repeated_key_is_the_same_search(database: Database) -> None:
    search = search_row(database)
    key = submission.IdempotencyKey("POST /train", "k", "0" * 64)
    arguments = {"config": search.config, "dataset_id": search.dataset_id, "model_name": "iris", "kind": "search"}
    with database.write() as s:
        first, created = submission.submit(s, PROJECT, idempotency=key, **arguments)
    with database.write() as s:
        second, again = submission.submit(s, PROJECT, idempotency=key, **arguments)
    assert (first.id, created, again) == (second.id, True, False)


def test_a_pruner_sees_what_the_finished_trials_had_by_an_epoch(database: Database) -> None:
    search = search_row(database, trials=9, parallelism=9)
    ids = add_trials(database, search.id, 4)
    claimed = [run_trial(database, job_id) for job_id in ids]
    with database.write() as s:
        for (_job, fence), value in zip(claimed[:2], (0.7, 0.6), strict=True):
            trial_values.record(s, fence, PROJECT, 10, value)
        leases.finish(s, claimed[0][1], "succeeded", trial_value=0.4)
        leases.finish(s, claimed[2][1], "succeeded", trial_value=0.5)  # before epoch 10
        leases.finish(s, claimed[3][1], "failed")
    with database.read() as s:
        assert trial_values.finished_by(s, search.id, 10) == [0.7, 0.5]
        assert trial_values.has_passed(s, ids[1], 10)
        assert not trial_values.has_passed(s, ids[1], 20)
    stale = leases.Fence(ids[1], claimed[1][1].token + 1)
    with pytest.raises(LeaseLost), database.write() as s:
        trial_values.record(s, stale, PROJECT, 20, 0.1)
    with database.read() as s:
        assert s.scalar(select(func.count()).select_from(TrialValueRow)) == 2
