"""A training that cannot go on begins anew; one that can does."""

from __future__ import annotations

import weakref
from typing import Any

import pytest

from core.full_batch import FullBatchTrainer
from store import histories
from store.database import Database
from store.tables import DatasetRow
from tests.support.training import job_now, outcome_digest, submit
from worker import cross_validation
from worker.job import run_job
from worker.matrices import MatrixRoom
from worker.runtime import Runtime

LBFGS: dict[str, Any] = {
    "hidden": [8],
    "epochs": 12,
    "test_fraction": 0.2,
    "optimizer": {"name": "lbfgs"},
    "early_stopping": None,
}


def seconds_of(database: Database, job_id: str) -> list[float]:
    with database.read() as s:
        return [report["seconds"] for report in histories.history(s, job_id)]


def test_an_interrupted_lbfgs_begins_anew_and_its_reports_replace_the_old_ones(
    runtime: Runtime, dataset: DatasetRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = runtime.database
    undisturbed, job = (submit(database, dataset, **LBFGS) for _ in range(2))
    run_job(runtime, undisturbed.id)
    report, left = FullBatchTrainer._report, [True]

    def report_then_stop(self: FullBatchTrainer) -> Any:
        if self.state.epoch == 5 and left:
            left.pop()
            runtime.shutdown.raise_for_all()
        return report(self)

    with monkeypatch.context() as patch:
        patch.setattr(FullBatchTrainer, "_report", report_then_stop)
        run_job(runtime, job.id)
    given_back = job_now(database, job.id)
    assert (given_back.status, given_back.checkpoint_id) == ("queued", None)
    before = seconds_of(database, job.id)
    assert 1 <= len(before) < 12

    runtime.shutdown._shared[0] = 0
    run_job(runtime, job.id)
    found = job_now(database, job.id)
    assert (found.status, found.epoch, found.bit_identical) == ("succeeded", 12, True)
    assert outcome_digest(database, job.id) == outcome_digest(database, undisturbed.id)
    assert outcome_digest(database, job.id)["epochs"] == list(range(1, 13))
    assert seconds_of(database, job.id)[: len(before)] != before, "the old reports are still there"


def test_folds_that_were_scored_before_a_stop_are_kept_and_the_rest_follows(
    runtime: Runtime, dataset: DatasetRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, config = runtime.database, {"hidden": [8], "epochs": 4, "test_fraction": 0.2}
    undisturbed, job = (submit(database, dataset, folds=3, **config) for _ in range(2))
    run_job(runtime, undisturbed.id)
    folds, trained = cross_validation.plan_fold, []

    def stop_in_the_third(*arguments: Any, **options: Any) -> Any:
        trained.append(arguments[2])
        if trained == [0, 1, 2]:
            runtime.shutdown.raise_for_all()
        return folds(*arguments, **options)

    monkeypatch.setattr(cross_validation, "plan_fold", stop_in_the_third)
    run_job(runtime, job.id)
    given_back = job_now(database, job.id)
    assert given_back.status == "queued"
    assert given_back.cross_validation is not None
    assert [item["fold"] for item in given_back.cross_validation["items"]] == [1, 2]
    runtime.shutdown._shared[0] = 0
    run_job(runtime, job.id)
    assert trained == [0, 1, 2, 2]
    assert job_now(database, job.id).cross_validation == job_now(database, undisturbed.id).cross_validation
    assert outcome_digest(database, job.id) == outcome_digest(database, undisturbed.id)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_the_matrices_of_one_training_are_gone_before_the_next_ones_are_made(
    optimizer: str, runtime: Runtime, dataset: DatasetRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[weakref.ref[Any]] = []
    alive_then: list[int] = []
    make = MatrixRoom.matrices

    def noted(self: MatrixRoom, *asked: Any) -> Any:
        alive_then.append(sum(matrix() is not None for matrix in made))
        found = make(self, *asked)
        made.extend(map(weakref.ref, found))
        return found

    monkeypatch.setattr(MatrixRoom, "matrices", noted)
    config: dict[str, Any] = {"hidden": [8], "epochs": 3, "optimizer": {"name": optimizer}}
    job = submit(runtime.database, dataset, folds=3, **config)
    run_job(runtime, job.id)
    assert job_now(runtime.database, job.id).status == "succeeded"
    assert alive_then == [0, 0, 0, 0]
