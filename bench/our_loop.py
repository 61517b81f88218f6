"""Our training loop, as the worker runs it."""

from __future__ import annotations

import inspect
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from threadpoolctl import threadpool_limits

from bench.problems import Rows
from core.configuration import TrainingConfig
from core.reports import EpochReport
from core.schedules import MAX_EPOCHS
from core.targets import TargetEncoding
from core.training import Trainer, TrainingState


class Look:
    """What the worker does after each batch while nobody interrupts it, and no checkpoint is due (`BatchWatch`)."""

    def __init__(self) -> None:
        self.beats = 0
        self._lost = self._stopping = False
        self._cancellation: object = None
        self._due_at = time.monotonic() + 1e9

    def __call__(self, _state: TrainingState) -> None:
        self.beats += 1
        if self._lost or self._stopping or self._cancellation is not None or time.monotonic() >= self._due_at:
            raise AssertionError("nobody interrupts a benchmark")


class Desk:
    """What the worker does with each report but for the database, which `bench/reports.py` measures."""

    def __init__(self) -> None:
        self.waiting: deque[dict[str, Any]] = deque(maxlen=1000)

    def add(self, report: EpochReport) -> None:
        """Take an epoch's report."""
        self.waiting.append(asdict(report))


def configuration(rows: Rows) -> TrainingConfig:
    """Adam, cross-entropy and ReLU, nothing else: what the peers are asked for too."""
    return TrainingConfig(
        task="classification",
        hidden=rows.problem.sizes[1:-1],
        activation="relu",
        epochs=MAX_EPOCHS,
        batch_size=rows.problem.batch,
        validation_fraction=0.0,
        early_stopping=None,
    )


@contextmanager
def our_loop(rows: Rows, *, threads: int, trainer: Callable[..., Trainer] = Trainer) -> Iterator[Callable[[int], None]]:
    """A function that trains for so many epochs more.

    A trainer with threads of its own gets them all, and BLAS one beside them; else BLAS has them.
    """
    encoding = TargetEncoding("classification", ("y",), tuple(range(rows.problem.sizes[-1])))
    own = {"threads": threads} if "threads" in inspect.signature(trainer).parameters else {}
    with threadpool_limits(limits=1 if own else threads):
        subject = trainer(configuration(rows), rows.X, rows.Y, None, None, encoding, clock=time.perf_counter, **own)
        reports, desk = subject.run(Look()), Desk()

        def epochs(count: int) -> None:
            for _ in range(count):
                desk.add(next(reports))

        yield epochs
