"""A prediction of a dataset from its claim to its end, in this process."""

from __future__ import annotations

import errno
import os
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.encoding import Encoding
from core.network import MLP
from core.outcomes import outcome_values
from core.targets import TargetEncoding
from store import datasets, jobs, leases, parquet, registry, table_writer
from store.ingest.columns import TypedColumn
from store.ingest.digest import content_sha256
from store.leases import Fence
from store.networks import network_of
from store.sweep import sweep_datasets
from store.tables import JobRow
from tests.support.dataset_predictions import (
    datasets_named,
    files_of,
    large_table,
    made_by,
    submit_prediction,
    trained_model,
)
from tests.support.training import PROJECT, job_now
from worker import prediction_job, scoring
from worker.job import run_job
from worker.row_progress import RowProgress
from worker.runtime import Runtime
from worker.scoring import Scorer

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ROWS = 20_000  # of which 8,192 are predicted at a time


def before_block(monkeypatch: pytest.MonkeyPatch, first_row: int, action: Callable[[], None]) -> None:
    """Have `action` called, once, before the block is predicted that begins at this row or later."""
    score, left = Scorer.score, [action]

    def score_after_action(self: Scorer, table: Any, first: int) -> Any:
        if first >= first_row and left:
            left.pop()()
        return score(self, table, first)

    monkeypatch.setattr(Scorer, "score", score_after_action)


def raising(error: BaseException) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def ended(runtime: Runtime, job: JobRow) -> tuple[str, str | None]:
    found = job_now(runtime.database, job.id)
    return found.status, None if found.error is None else found.error["code"]


def open_result(runtime: Runtime, job: JobRow) -> Any:
    with runtime.files.open(made_by(runtime.database, job.id).blob_key) as file:
        return pq.read_table(file)


def test_a_table_of_many_row_groups_is_predicted_in_blocks_to_the_bits_of_its_rows_at_once(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = trained_model(runtime)
    monkeypatch.setattr(parquet, "ROW_GROUP_BYTES", 5_000 * 40)
    monkeypatch.setattr(table_writer, "ROW_GROUP_BYTES", 3_000 * 72)
    dataset = large_table(runtime.settings, runtime.database, ROWS)
    with runtime.files.open(dataset.blob_key) as file:
        assert pq.ParquetFile(file).num_row_groups == 5
    blocks: list[tuple[int, int]] = []
    score = Scorer.score
    monkeypatch.setattr(
        Scorer,
        "score",
        lambda self, table, first: blocks.append((first, len(table["w"]))) or score(self, table, first),
    )
    job = submit_prediction(runtime.database, dataset)
    run_job(runtime, job.id)
    assert blocks == [(0, 8192), (8192, 8192), (16384, ROWS - 16384)]
    result, made = open_result(runtime, job), made_by(runtime.database, job.id)
    assert result.column("line").to_pylist() == list(range(ROWS))
    with runtime.database.read() as s:
        network = network_of(version, registry.load_weights(s, version))
    with runtime.files.open(dataset.blob_key) as file:
        X, _ = Encoding.from_dict(version.encoding).transform(parquet.read_columns(file, list("wxyz")))
    expected = outcome_values(TargetEncoding.from_dict(version.target_encoding), network.predict(X))
    assert result.column_names[-4:] == ["prediction", "probability.a", "probability.b", "probability.c"]
    for column, values in zip(result.columns[-4:], expected, strict=True):
        assert column.to_pylist() == values.tolist()
    kinds = ("integer", *["number"] * 4, "category", *["number"] * 3)
    typed = zip(result.column_names, kinds, result.columns, strict=True)
    assert made.sha256 == content_sha256([TypedColumn(*column) for column in typed])
    described = {column["name"]: column for column in made.columns}
    for name, values in zip(result.column_names[-3:], expected[1:], strict=True):
        assert described[name]["mean"] == pytest.approx(np.mean(values), rel=1e-12)
        assert described[name]["std"] == pytest.approx(np.std(values, ddof=1), rel=1e-12)
        assert (described[name]["min"], described[name]["max"]) == (values.min(), values.max())
    assert set(described["prediction"]["categories"]) == set(expected[0].tolist())


@SQLITE
def test_memory_does_not_grow_with_the_table(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    trained_model(runtime)
    monkeypatch.setattr(parquet, "ROW_GROUP_BYTES", 1 << 20)
    monkeypatch.setattr(table_writer, "ROW_GROUP_BYTES", 1 << 20)
    monkeypatch.setattr(prediction_job, "DIGEST_ROWS", 1 << 14)
    monkeypatch.setattr(scoring, "BLOCK_ROWS", 2048)
    tell, peaks, pool = RowProgress.tell, [0, 0], pa.default_memory_pool()

    def tell_and_measure(self: RowProgress, done: int) -> None:
        peaks[-1] = max(peaks[-1], pool.bytes_allocated())
        tell(self, done)

    monkeypatch.setattr(RowProgress, "tell", tell_and_measure)
    for rows in (50_000, 200_000):
        job = submit_prediction(runtime.database, large_table(runtime.settings, runtime.database, rows, f"r{rows}"))
        peaks.append(0)
        run_job(runtime, job.id)
        assert ended(runtime, job) == ("succeeded", None)
    assert 0 < peaks[-1] < 1.2 * peaks[-2], f"{peaks} bytes"


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
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "full"), "out_of_disk"),
        (OSError(errno.EIO, "broken"), "result_unwritable"),
        (MemoryError(), "out_of_memory"),
    ],
)
def test_what_is_in_the_way_is_a_named_failure(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: str
) -> None:
    trained_model(runtime)
    dataset = large_table(runtime.settings, runtime.database, 9000)
    before = files_of(runtime.settings)
    job = submit_prediction(runtime.database, dataset)
    before_block(monkeypatch, 8192, raising(error))
    run_job(runtime, job.id)
    assert ended(runtime, job) == ("failed", code)
    assert files_of(runtime.settings) == before


@SQLITE
def test_an_output_that_is_no_number_fails_the_job_and_names_the_row(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained_model(runtime)
    dataset = large_table(runtime.settings, runtime.database, 9000)
    job = submit_prediction(runtime.database, dataset)
    predict = MLP.predict

    def overflow(self: Any, X: Any) -> Any:
        outputs = predict(self, X)
        if len(X) != 8192:
            outputs[3] = np.inf
        return outputs

    monkeypatch.setattr(MLP, "predict", overflow)
    run_job(runtime, job.id)
    assert ended(runtime, job) == ("failed", "number_out_of_range")
    assert "row 8,196 " in str(job_now(runtime.database, job.id).error)
