"""A sample of what is predicted, on its way to the database: kept in memory, written by a request that finds it due."""

from __future__ import annotations

import logging
import math
import random
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from core.table import Column, NumberColumn
from store.database import Database
from store.prediction_log import Logged, write_predictions

logger = logging.getLogger(__name__)
BATCH = 500
FULL = 200  # rows that are due at once
DUE_SECONDS = 5.0
MOST_WAITING = 5000


class PredictionLog:
    """Rows that wait to be written; those of a crash, and those of a database that is away, are lost (decision 095)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[Logged] = []  # whose `age` is the monotonic time at which they were made
        self._lock = threading.Lock()
        self._writing = threading.Lock()

    def offer(
        self,
        project: str,
        model: str,
        version: int,
        table: Mapping[str, Column],
        predictions: Sequence[Mapping[str, Any]],
        sample: float,
    ) -> None:
        """Keep a sample of these rows, and write what is due. Never raises for the database.

        Parameters
        ----------
        sample : float
            Which share of the rows is kept, 0 to 1.
        """
        made = time.monotonic()
        chosen = [row for row in range(len(predictions)) if random.random() < sample]  # noqa: S311
        entries = [Logged(project, model, version, _inputs(table, row), dict(predictions[row]), made) for row in chosen]
        with self._lock:
            self._waiting += entries[: MOST_WAITING - len(self._waiting)]
            due = len(self._waiting) >= FULL or (bool(self._waiting) and made - self._waiting[0].age > DUE_SECONDS)
        if due:
            self.flush()

    def flush(self) -> None:
        """Write all that waits; nothing where another thread is at it."""
        if not self._writing.acquire(blocking=False):
            return
        try:
            with self._lock:
                entries, self._waiting = self._waiting, []
            at = time.monotonic()
            aged = [replace(entry, age=at - entry.age) for entry in entries]
            for start in range(0, len(aged), BATCH):
                with self._database.write() as s:
                    write_predictions(s, aged[start : start + BATCH])
        except SQLAlchemyError:
            logger.warning("Logged predictions were lost: the database took none.", exc_info=True)
        finally:
            self._writing.release()


def _inputs(table: Mapping[str, Column], row: int) -> dict[str, Any]:
    return {name: _value(column, row) for name, column in table.items()}


def _value(column: Column, row: int) -> float | str | None:
    if isinstance(column, NumberColumn):
        number = float(column.values[row])
        return None if math.isnan(number) else number
    code = int(column.codes[row])
    return None if code < 0 else column.categories[code]
