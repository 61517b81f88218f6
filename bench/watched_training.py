"""The memory that one training takes, from its Parquet file to its model."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.large_tables import TARGET, LargeTable
from bench.resident import Resident, Samples, forget_peak, resident
from core.configuration import TrainingConfig
from store import histories, schema
from store.database import Database
from store.files import FileStore
from store.settings import Settings
from store.submission import submit
from store.tables import DatasetRow, JobRow
from tests.support.rows import PROJECT, add_dataset, read_job
from tests.support.training import versions_of
from tests.support.workers import environment

ROOT = Path(__file__).resolve().parents[1]
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def train_watched(
    folder: Path, table: LargeTable, training: Mapping[str, Any], *, matrix_bytes: int = 0, cage_bytes: int = 0
) -> dict[str, Any]:
    """Write the table, train on it as a worker would, in a process of its own, and watch that.

    Parameters
    ----------
    folder : Path
        On a disk; the file and what the worker writes stay there.
    training : mapping
        Fields of `TrainingConfig`.
    matrix_bytes : int
        As ``MLP_MATRIX_BYTES``.
    cage_bytes : int
        What the page cache may hold of mapped matrices (`bench.cage.Cage`); 0 leaves that to the kernel.

    Raises
    ------
    RuntimeError
        When the training does not succeed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings = Settings(data_dir=folder, matrix_bytes=matrix_bytes, database_url=f"sqlite:///{folder / 'mlp.db'}")
    schema.upgrade(settings.resolved_database_url)
    database = Database(settings.resolved_database_url)
    try:
        job = _queue(settings, database, table, training)
        idle, samples, most, cached = _watch(settings, job.id, cage_bytes)
        ended = read_job(database, job.id)
        if ended.status != "succeeded":
            raise RuntimeError(f"the training {ended.status}: {ended.error}")
        return {
            **memory_figures(table.matrix_bytes, idle, samples, most),
            "cached_bytes": cached,
            **_outcome(database, job.id),
        }
    finally:
        database.dispose()


def memory_figures(matrix_bytes: int, idle: Resident, samples: Samples, most: int) -> dict[str, Any]:
    """What was taken above the idle process.

    Parameters
    ----------
    most : int
        The kernel's own peak of anonymous and file pages together.
    """
    taken = samples.anonymous - idle.anonymous
    return {
        "matrix_bytes": matrix_bytes,
        "anonymous_bytes": taken,
        "anonymous_of_matrix": round(taken / matrix_bytes, 3),
        "all_bytes": most - idle.all,
        "all_of_matrix": round((most - idle.all) / matrix_bytes, 3),
        "idle_anonymous_bytes": idle.anonymous,
        "looks": samples.count,
    }


def _queue(settings: Settings, database: Database, table: LargeTable, training: Mapping[str, Any]) -> JobRow:
    with database.write() as s:
        dataset: DatasetRow = add_dataset(s, "large", rows=table.rows, columns=table.column_objects())
    with FileStore(settings.resolved_data_url).new(dataset.blob_key) as path:
        table.write(path)
    configured = TrainingConfig.from_dict({"task": "classification", **training})
    config = {
        "dataset": "large@1",
        "target": TARGET,
        "features": table.names,
        "model": "large",
        "task": "classification",
        "importance_repeats": 1,
        "training": configured.to_dict(),
        "inferred": {},
    }
    with database.write() as s:
        job, _ = submit(s, PROJECT, config=config, dataset_id=dataset.id, model_name="large", epochs=configured.epochs)
    return job


def _watch(settings: Settings, job_id: str, cage_bytes: int) -> tuple[Resident, Samples, int, int]:
    threads = dict.fromkeys(_THREADS, "1")  # as `worker.main` does
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.worker_process", job_id, str(cage_bytes)],
        cwd=ROOT,
        env=environment(settings) | threads,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            _expect(process.stdout.readline(), "idle")
            idle = resident(process.pid)
            forget_peak(process.pid)
            with Samples(process.pid) as samples:
                process.stdin.write("\n")
                process.stdin.flush()
                said = _expect(process.stdout.readline(), "done")
            most = resident(process.pid).peak
            process.stdin.close()
        except BaseException:
            process.kill()
            raise
    return idle, samples, most, int(said)


def _expect(line: str, word: str) -> str:
    said, _, rest = line.partition(" ")
    if said.strip() != word:
        raise RuntimeError(f"the worker's process ended, its log says why; instead of {word!r} it said {line!r}")
    return rest


def _outcome(database: Database, job_id: str) -> dict[str, Any]:
    """How fast it trained, in rows a second over its epochs, and how well."""
    (version,) = versions_of(database, job_id)
    with database.read() as s:
        seconds = sum(report["seconds"] for report in histories.history(s, job_id))
    rows = version.metrics["train"]["rows"] * read_job(database, job_id).epoch
    scored = version.metrics["test"] or version.metrics["train"]
    return {"samples_per_second": round(rows / seconds), "accuracy": round(scored["accuracy"], 4)}
