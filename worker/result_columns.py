"""The columns that a prediction appends to a table: their names, and what the dataset says of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from core.outcomes import OutcomeColumn
from store.ingest.columns import ARROW_TYPES
from store.ingest.description import query_name
from store.ingest.names import MOST_NAME_CHARACTERS, clean_name
from store.ingest.roles import IGNORED
from store.ingest.running_description import RunningDescription


def free_names(wanted: Sequence[str], taken: Collection[str]) -> list[str]:
    """The wanted names as columns can have them; one that is taken gets ``_1``, or the next number that is free."""
    cleaned = [clean_name(name)[:MOST_NAME_CHARACTERS].strip() for name in wanted]
    used = set(taken)
    names = []
    for position, name in enumerate(cleaned):
        free, number = name, 0
        while free in used or (number and free in cleaned[position + 1 :]):
            number += 1
            ending = f"_{number}"
            free = name[: MOST_NAME_CHARACTERS - len(ending)] + ending
        used.add(free)
        names.append(free)
    return names


class ResultColumn:
    """One appended column, made some rows at a time.

    Parameters
    ----------
    outcome : OutcomeColumn
    name : str
        What it is called here.
    made_by : str
        The model's version, for the warning.
    max_categories : int
        With more, a category column's are not listed.
    """

    def __init__(self, outcome: OutcomeColumn, name: str, made_by: str, max_categories: int) -> None:
        self.name, self.type = name, outcome.type
        self._made_by, self._max_categories = made_by, max_categories
        self._numbers = RunningDescription()
        self._categories: set[str] = set()

    @property
    def field(self) -> Any:
        """Its field in the file's schema."""
        return pa.field(self.name, ARROW_TYPES[self.type])

    def add(self, values: npt.NDArray[np.generic]) -> Any:
        """A block's values as an Arrow array."""
        if self.type == "category":
            self._categories.update(values.tolist())
        else:
            self._numbers.add(values)
        return pa.array(values, ARROW_TYPES[self.type])

    def described(self) -> dict[str, Any]:
        """The API's object of the column. It is ignored: who learns from a prediction should mean to."""
        column: dict[str, Any] = {"name": self.name, "type": self.type, "role": IGNORED, "missing": 0}
        if self.type == "category":
            listed = len(self._categories) <= self._max_categories
            column["categories"] = sorted(self._categories) if listed else None
        else:
            column |= self._numbers.extent()
        return {**column, "query_name": query_name(self.name)}

    def warning(self) -> dict[str, Any]:
        """Why it is ignored."""
        reason = f"{self._made_by} has predicted it"
        detail = f"Column {self.name!r} is left out of the features: {reason}. Name it in `features` to use it."
        return {"code": "predicted", "column": self.name, "detail": detail}
