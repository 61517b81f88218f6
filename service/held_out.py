"""The metrics that a version brought along, and the rows that they were taken of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.configuration import Task
from store.registry_tables import ModelVersionRow

PARTS = ("test", "validation")
_SPLIT = ("seed", "validation_fraction", "test_fraction")


def task_of(row: ModelVersionRow) -> Task:
    """What the version predicts."""
    task: Task = row.target_encoding["task"]
    return task


def target_names(row: ModelVersionRow) -> list[str]:
    """The columns that the version predicts."""
    return list(row.target_encoding["names"])


def held_out(row: ModelVersionRow) -> tuple[str | None, Mapping[str, Any]]:
    """The part that says most about new rows, and its metrics; None and nothing where no rows were held out."""
    for part in PARTS:
        if metrics := row.metrics.get(part):
            return part, metrics
    return None, {}


def have_same_rows(one: ModelVersionRow, other: ModelVersionRow, part: str) -> bool:
    """Whether both were scored on the same rows: those that the same split of the same table set apart."""
    return bool(one.metrics.get(part) and other.metrics.get(part)) and _split(one) == _split(other)


def _split(row: ModelVersionRow) -> Any:
    """What decides a split (`core.splits`): the table, which rows have a target, the classes, and the settings."""
    training = row.config.get("training", {})
    # An import has no table: it has the same rows as nothing else.
    table = row.dataset.get("sha256") or (row.model_name, row.version)
    return table, target_names(row), row.target_encoding["classes"], [training.get(name) for name in _SPLIT]
