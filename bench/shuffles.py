"""What the order of a mapped matrix costs: throughput, and accuracy, beside a matrix in memory in any order."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from bench.cage import Cage
from bench.large_tables import CLASSES, TARGET, LargeTable
from bench.results import median_and_spread
from core.arrays import FloatArray
from core.configuration import TrainingConfig
from core.encoding import Encoding
from core.reports import EpochReport
from core.targets import TargetEncoding
from worker.job_config import JobConfig
from worker.matrices import MatrixRoom
from worker.read_ahead import ReadAhead
from worker.trainer import AnyTrainer, train, trainer_of
from worker.training_data import Part, TrainingData

BLOCK_ROWS = 8192
HELD_OUT_ROWS = 32_768

ROWS, BLOCKS = "rows", "blocks"
"""A permutation of all rows, of a matrix in memory; and of blocks, of one that is mapped."""


MEMORY, CACHED, DISK = "memory", "cached", "disk"
"""How the matrix is held: in memory; mapped, with memory to spare; mapped, and nothing of it in memory at first."""


def filled(table: LargeTable, room: MatrixRoom) -> TrainingData:
    """The table as a job's training rows, without other parts."""
    (X,) = room.matrices([table.rows], table.columns, lambda: None)
    Y = np.zeros((table.rows, CLASSES), dtype=np.float32)
    start = 0
    for inputs, classes in table.blocks(BLOCK_ROWS):
        X[start : start + len(inputs)] = inputs
        Y[np.arange(start, start + len(inputs)), classes] = 1.0
        start += len(inputs)
    none = Part(X[:0], Y[:0], None)
    blocked = room.order(table.rows, table.columns)
    targets = TargetEncoding("classification", (TARGET,), tuple(range(CLASSES)))
    order = None if blocked is None else ReadAhead(X, blocked)
    return TrainingData(Part(X, Y, None), none, none, Encoding((), None), targets, [], order)


def job(hidden: tuple[int, ...], batch: int, epochs: int, seed: int = 0) -> JobConfig:
    """A training: Adam at its usual rate, without validation rows."""
    training = TrainingConfig(
        task="classification",
        hidden=hidden,
        epochs=epochs,
        batch_size=batch,
        validation_fraction=0.0,
        early_stopping=None,
        seed=seed,
    )
    return JobConfig((), (TARGET,), TARGET, training)


def epoch_seconds(
    data: TrainingData, config: JobConfig, threads: int, between: Callable[[], object] = lambda: None
) -> tuple[AnyTrainer, list[float]]:
    """Train as the worker does but for the database: the trainer at its end, and how long each epoch took.

    `between` is called after each epoch, and is in no time.
    """
    trainer, seconds, started = trainer_of(config, data, None, threads=threads), list[float](), [time.perf_counter()]

    def report(_: EpochReport) -> None:
        seconds.append(time.perf_counter() - started[0])
        between()
        started[0] = time.perf_counter()

    train(trainer, data, config, lambda _: None, report)
    return trainer, seconds


def throughput(
    table: LargeTable, folder: Path, hidden: tuple[int, ...], *, batch: int, rounds: int, threads: int
) -> dict[str, Any]:
    """Rows a second of an epoch that is not the first, by way; in rounds, in each of which every way has its turn."""
    memory, mapped = (filled(table, MatrixRoom(folder, limit)) for limit in (2 * table.matrix_bytes, 0))
    config, nothing_cached = job(hidden, batch, epochs=2), Cage(folder, 0)
    rates: list[dict[str, float]] = []
    with threadpool_limits(limits=1):
        for _ in range(rounds):
            seconds = {
                MEMORY: epoch_seconds(memory, config, threads)[1],
                CACHED: epoch_seconds(mapped, config, threads)[1],
                DISK: epoch_seconds(mapped, config, threads, nothing_cached.tighten)[1],
            }
            rates.append({way: table.rows / of_epochs[-1] for way, of_epochs in seconds.items()})
    return throughput_row(table, hidden, rates) | {"batch": batch, "threads": threads}


def throughput_row(table: LargeTable, hidden: tuple[int, ...], rates: list[dict[str, float]]) -> dict[str, Any]:
    """Medians over the rounds: rows a second of each way, and of the mapped ones ÷ that in memory of the same round."""
    row: dict[str, Any] = {
        "experiment": "throughput",
        "shape": "-".join(map(str, (table.columns, *hidden, CLASSES))),
        "rows": table.rows,
        "matrix_bytes": table.matrix_bytes,
        "rounds": len(rates),
    }
    for name in rates[0]:
        row[f"{name}_samples_per_second"] = median_and_spread(each[name] for each in rates)[0]
    for name in (name for name in rates[0] if name != MEMORY):
        middle, spread = median_and_spread(each[name] / each[MEMORY] for each in rates)
        row |= {f"{name}_vs_memory": middle, f"{name}_vs_memory_spread": spread}
    return row


def accuracy(
    table: LargeTable, folder: Path, hidden: tuple[int, ...], *, batch: int, epochs: int, seeds: int, threads: int
) -> dict[str, Any]:
    """The share of other rows that is told rightly after the last epoch, by order and seed."""
    X, classes = table.held_out(HELD_OUT_ROWS)
    found: dict[str, list[float]] = {}
    with threadpool_limits(limits=1):
        for name, memory_bytes in ((ROWS, 2 * table.matrix_bytes), (BLOCKS, 0)):
            data = filled(table, MatrixRoom(folder, memory_bytes))
            found[name] = [
                _right(epoch_seconds(data, job(hidden, batch, epochs, seed), threads)[0], X, classes)
                for seed in range(seeds)
            ]
            del data  # before the next is made
    return accuracy_row(table, hidden, found) | {"batch": batch, "epochs": epochs}


def accuracy_row(table: LargeTable, hidden: tuple[int, ...], found: dict[str, list[float]]) -> dict[str, Any]:
    """Means over the seeds, and of what blocks lose beside rows with the same seed, with that mean's standard error."""
    lost = [rows - blocks for rows, blocks in zip(found[ROWS], found[BLOCKS], strict=True)]
    error = statistics.stdev(lost) / len(lost) ** 0.5 if len(lost) > 1 else None
    return {
        "experiment": "accuracy",
        "file": "sorted by class" if table.sorted_by_class else "mixed",
        "shape": "-".join(map(str, (table.columns, *hidden, CLASSES))),
        "rows": table.rows,
        "matrix_bytes": table.matrix_bytes,
        "seeds": len(lost),
        "accuracy_rows": round(statistics.fmean(found[ROWS]), 5),
        "accuracy_blocks": round(statistics.fmean(found[BLOCKS]), 5),
        "lost": round(statistics.fmean(lost), 5),
        "lost_standard_error": None if error is None else round(error, 5),
    }


def _right(trainer: AnyTrainer, X: FloatArray, classes: Any) -> float:
    return float((trainer.best_network().predict(X).argmax(axis=1) == classes).mean())
