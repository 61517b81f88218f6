"""Predictions of datasets that are killed, stopped, cancelled or taken away, in this process."""

from __future__ import annotations

import os
import warnings
from dataclasses import replace
from typing import Any

import pytest

from store import datasets, jobs, leases
from store.leases import Fence
from store.sweep import sweep_datasets
from tests.support.dataset_predictions import (
    before_block,
    datasets_named,
    ended,
    files_of,
    large_table,
    made_by,
    submit_prediction,
    trained_model,
)
from tests.support.training import PROJECT, job_now
from worker import prediction_job
from worker.job import run_job
from worker.row_progress import RowProgress
from worker.runtime import Runtime
from worker.scoring import Scorer

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ROWS = 20_000  # of which 8,192 are predicted at a time


def test_a_worker_that_is_killed_leaves_what_the_sweep_removes_and_the_next_one_makes_one_dataset(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained_model(runtime)
    dataset = large_table(runtime.settings, runtime.database, ROWS)
    before = files_of(runtime.settings)
    job = submit_prediction(runtime.database, dataset)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of forks beside threads
        died = os.fork()
    if died == 0:  # as a training process dies: nothing is cleaned up
        before_block(monkeypatch, 16384, lambda: os._exit(9))
        runtime.database.dispose()
        run_job(runtime, job.id)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(died, 0)[1]) == 9
    (part,) = files_of(runtime.settings) - before
    assert part.endswith(".part")
    found = job_now(runtime.database, job.id)
    assert (found.status, found.epoch in (8192, 16384), found.advanced) == ("running", True, True)
    with runtime.database.write() as s:
        leases.fenced(s, Fence(job.id, 1), lease_expires_at=0.0)
    with runtime.database.write() as s:
        assert leases.take_back(s, Fence(job.id, 1), 3) == "queued"
    run_job(runtime, job.id)
    made = made_by(runtime.database, job.id)
    assert (job_now(runtime.database, job.id).attempts, made.rows) == (0, ROWS)
    assert datasets_named(runtime.database, "result") == 2  # one of them is an upload that no one goes on with
    with runtime.database.write() as s:
        lost = part.partition(".")[0]
        datasets.renew_upload(s, lost, lease_seconds=-100.0)
    sweep_datasets(runtime.database, runtime.files, orphan_seconds=0, wall_clock=lambda: 4e9)
    assert files_of(runtime.settings) == {*before, made.blob_key}
    assert datasets_named(runtime.database, "result") == 1


def test_a_claim_that_was_taken_away_makes_nothing(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    trained_model(runtime)
    dataset = large_table(runtime.settings, runtime.database, 9000)
    before = files_of(runtime.settings)
    job = submit_prediction(runtime.database, dataset)

    def lose_the_claim() -> None:
        with runtime.database.write() as s:
            leases.give_back(s, Fence(job.id, 1))
            leases.claim(s, job.id, worker="other", lease_seconds=30)

    before_block(monkeypatch, 8192, lose_the_claim)
    monkeypatch.setattr(RowProgress, "tell", lambda *_: None)  # so that the end is the first to hear of it
    run_job(runtime, job.id)
    found = job_now(runtime.database, job.id)
    assert (found.status, found.worker, found.result_id) == ("running", "other", None)
    assert files_of(runtime.settings) == before
    assert datasets_named(runtime.database, "result") == 0


@SQLITE
@pytest.mark.parametrize("stopped", ["cancelled", "queued"])
def test_a_cancel_and_a_stop_are_heard_between_blocks(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, stopped: str
) -> None:
    trained_model(runtime)
    dataset = large_table(runtime.settings, runtime.database, ROWS)
    before = files_of(runtime.settings)
    job = submit_prediction(runtime.database, dataset)
    blocks: list[int] = []
    score = Scorer.score

    def stop(self: Scorer, table: Any, first: int) -> Any:
        blocks.append(first)
        if stopped == "queued":
            runtime.shutdown.raise_for_all()
        else:
            with runtime.database.write() as s:
                jobs.request_cancel(s, PROJECT, job.id)
            heard.heartbeat.cancellation = leases.Renewal(True, None)
        return score(self, table, first)

    class Heard(prediction_job.PredictionAttempt):
        def do(self) -> None:
            nonlocal heard
            heard = self
            super().do()

    heard: Any = None
    monkeypatch.setattr("worker.job._ATTEMPTS", {"predict": Heard})
    monkeypatch.setattr(Scorer, "score", stop)
    run_job(runtime, job.id)
    assert blocks == [0], "it was heard of before the next block"
    assert ended(runtime, job) == (stopped, None)
    assert files_of(runtime.settings) == before
    assert datasets_named(runtime.database, "result") == 0
    runtime.shutdown._shared[0] = 0
    if stopped == "queued":
        monkeypatch.setattr(Scorer, "score", score)
        run_job(runtime, job.id)
        assert (made_by(runtime.database, job.id).rows, job_now(runtime.database, job.id).attempts) == (ROWS, 0)


@SQLITE
def test_a_job_that_dies_at_the_same_rows_each_time_is_out_of_attempts_in_the_end(runtime: Runtime) -> None:
    trained_model(runtime)
    job = submit_prediction(runtime.database, large_table(runtime.settings, runtime.database, 100))
    statuses = []
    for token in (1, 3, 5, 7):
        with runtime.database.write() as s:
            claimed = leases.claim(s, job.id, worker="dying", lease_seconds=-1.0)
        assert claimed is not None
        assert claimed.token == token
        told = {"report_seconds": 0.0, "upload_id": "ds_none", "upload_seconds": 1.0}
        RowProgress(runtime.database, Fence(job.id, token), rows=100, seen_rows=claimed.epoch, **told).tell(
            64 if token == 1 else 32
        )
        with runtime.database.write() as s:
            statuses.append(leases.take_back(s, Fence(job.id, token), 3))
    assert statuses == ["queued", "queued", "queued", "failed"]
    assert ended(runtime, job) == ("failed", "worker_lost")
    assert job_now(runtime.database, job.id).epoch == 64, "what people see never goes back"


@SQLITE
def test_an_upload_that_is_written_for_long_is_not_given_up(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    trained_model(runtime)
    dataset = large_table(runtime.settings, runtime.database, ROWS)
    short = replace(runtime, settings=runtime.settings.model_copy(update={"upload_lease_seconds": 1e-9}))
    renewing = replace(runtime, settings=runtime.settings.model_copy(update={"report_seconds": 0.0}))
    monkeypatch.setattr("worker.row_progress._LEAST_SHARE", 0)
    begun = prediction_job.begun_upload
    # Only what renews it gives the upload its time.
    monkeypatch.setattr(prediction_job, "begun_upload", lambda *args, **_: begun(*args, lease_seconds=0.0))

    def sweep() -> None:
        sweep_datasets(runtime.database, runtime.files, orphan_seconds=0.0, wall_clock=lambda: 0.0)  # rows alone

    for worker, ends in ((renewing, ("succeeded", None)), (short, ("failed", "upload_expired"))):
        job = submit_prediction(runtime.database, dataset)
        with monkeypatch.context() as patch:
            before_block(patch, 16384, sweep)
            run_job(worker, job.id)
        assert ended(runtime, job) == ends
