"""What a version keeps of its training rows, to be compared with what it is asked later (decision 096)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from core.arrays import IndexArray
from core.column_profile import ColumnProfile
from core.network import MLP
from core.predicted_columns import predicted_columns
from core.table import Column

if TYPE_CHECKING:
    from worker.training_data import TrainingData

FORMAT = 1
MOST_ROWS = 20_000  # a tenth of them is known within 0.4% of all then
MOST_FEATURES = 1000


def feature_profile(name: str, column: Column) -> ColumnProfile:
    """The profile of a feature's training rows, of many rows of some that are evenly spread."""
    return ColumnProfile.of(name, column if len(column) <= MOST_ROWS else column.take(_spread(len(column))))


def training_profile(data: TrainingData, network: MLP) -> dict[str, Any]:
    """The profiles of the features, and of what the network predicts for validation rows (else training rows)."""
    part, called = (data.validation, "validation") if len(data.validation) else (data.train, "train")
    outputs = network.predict(part.X if len(part) <= MOST_ROWS else part.X[_spread(len(part))])
    return {
        "format_version": FORMAT,
        "features": [profile.to_dict() for profile in data.profiles],
        "outputs": [
            ColumnProfile.of(name, column).to_dict()
            for name, column in predicted_columns(data.target_encoding, outputs).items()
        ],
        "outputs_of": called,
    }


def _spread(length: int) -> IndexArray:
    return np.linspace(0, length - 1, MOST_ROWS).astype(np.int64)
