"""A model version at work on a table, some rows at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from core.encoding import Encoding
from core.features import FeatureEncoding, level_of_code
from core.network import BLOCK_ROWS
from core.outcomes import OutcomeColumn, outcome_columns, outcome_values
from core.table import CategoryColumn, Column, NumberColumn
from core.targets import TargetEncoding
from store.networks import network_of
from store.registry_tables import ModelVersionRow
from worker.errors import JobError

BLOCK_BYTES = 64 << 20
"""Most of a block's rows, as they are read or as the network takes them."""

_UNUSUAL = {
    "missing_value_imputed": "the value is missing, which the training rows never were: their mean is used",
    "missing_category": "the category is missing, which the training rows never were: it counts as no category",
    "unseen_category": "the category is one that the training rows never had: it counts as no category",
}


class Scorer:
    """A version's predictions.

    Parameters
    ----------
    row : ModelVersionRow
    weights : bytes
        Its safetensors file.

    Attributes
    ----------
    names : list of str
        The features.
    columns : list of OutcomeColumn
        What each call of `score` gives the values of.
    """

    def __init__(self, row: ModelVersionRow, weights: bytes) -> None:
        self._network = network_of(row, weights)
        self._encoding = Encoding.from_dict(row.encoding)
        self._target = TargetEncoding.from_dict(row.target_encoding)
        self._unusual: Counter[tuple[str, str]] = Counter()
        self.names = [feature.name for feature in self._encoding.features]
        self.columns: list[OutcomeColumn] = outcome_columns(
            self._target, several_targets=isinstance(row.schema["target"], list)
        )

    def block_rows(self, width: int) -> int:
        """How many rows of a table of so many columns to take at a time.

        Unless they are wide it is the number that `MLP.logits` takes at a time: a product's last bits depend on how
        many rows it has, and so each prediction is to the bit that of `POST /predict` for the whole table.
        """
        bytes_a_row = max(8 * (width + len(self.columns)), 4 * self._encoding.n_inputs)
        return max(1, min(BLOCK_ROWS, BLOCK_BYTES // bytes_a_row))

    def score(self, table: Mapping[str, Column], first_row: int) -> list[npt.NDArray[np.generic]]:
        """The predictions of a block's rows, by column.

        Raises
        ------
        JobError
            ``number_out_of_range`` where an output is not finite.
        """
        features = {each.name: _fitting(each, table[each.name]) for each in self._encoding.features}
        for feature in self._encoding.features:
            self._count_unusual(feature, features[feature.name])
        X, _ = self._encoding.transform(features, max_notices=0)
        outputs = self._network.predict(X)
        broken = ~np.isfinite(outputs).all(axis=1)
        if broken.any():
            row = first_row + int(np.argmax(broken)) + 1
            raise JobError("number_out_of_range", f"The network's output for row {row:,} is not a finite number.")
        return outcome_values(self._target, outputs)

    def warnings(self) -> list[dict[str, Any]]:
        """What was unusual in the rows so far, by column."""
        return [
            {
                "code": code,
                "column": name,
                "detail": f"In {count:,} row{'s' if count > 1 else ''} of {name!r} {_UNUSUAL[code]}.",
            }
            for (name, code), count in self._unusual.items()
        ]

    def _count_unusual(self, feature: FeatureEncoding, column: Column) -> None:
        """Count what `Encoding.transform` would give notice of, one by one."""
        if isinstance(column, NumberColumn):
            counts: Sequence[tuple[str, int]] = [
                ("missing_value_imputed", 0 if feature.indicator else int(column.missing.sum()))
            ]
        else:
            without_level = level_of_code(feature, column)[column.codes] < 0
            missing = int((without_level & column.missing).sum())
            counts = [("missing_category", missing), ("unseen_category", int(without_level.sum()) - missing)]
        for code, count in counts:
            if count:
                self._unusual[feature.name, code] += count


def _fitting(feature: FeatureEncoding, column: Column) -> Column:
    """The column; one without any value has no type of its own, and takes the feature's."""
    if isinstance(column, NumberColumn) == (feature.kind == "number") or not column.missing.all():
        return column
    if feature.kind == "number":
        return NumberColumn(np.full(len(column), np.nan))
    return CategoryColumn(np.full(len(column), -1, dtype=np.int32), ())
