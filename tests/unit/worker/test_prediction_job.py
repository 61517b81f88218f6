"""A prediction of a dataset from its claim to its end, in this process."""

from __future__ import annotations

import errno
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
from store import parquet, registry, table_writer
from store.ingest.columns import TypedColumn
from store.ingest.digest import content_sha256
from store.networks import network_of
from store.tables import JobRow
from tests.support.dataset_predictions import (
    before_block,
    ended,
    files_of,
    large_table,
    made_by,
    submit_prediction,
    trained_model,
)
from tests.support.training import job_now
from worker import prediction_job, scoring
from worker.job import run_job
from worker.row_progress import RowProgress
from worker.runtime import Runtime
from worker.scoring import Scorer

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ROWS = 20_000  # of which 8,192 are predicted at a time


def raising(error: BaseException) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


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
