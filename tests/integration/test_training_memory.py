"""What memory a training takes as its table grows: its matrix once, or none where that is mapped from a file.

Memory is no timing: what is measured here is asserted (docs/decisions/067). `make bench-memory` does so at full size.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.large_tables import LargeTable
from bench.watched_training import train_watched

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]  # many seconds, and more where others use the machine too

# Several row groups each, and more than the columns that are read at a time: what does not grow is the same in both.
FEW_ROWS, MANY_ROWS, COLUMNS = 12_000, 40_000, 784
TRAINING: dict[str, Any] = {"hidden": [16], "epochs": 1, "test_fraction": 0.1, "max_seconds": 5.0}


@pytest.mark.parametrize(
    ("matrix_bytes", "least", "most"),
    [(1 << 40, 0.85, 1.15), (1, -0.15, 0.15)],
    ids=["in memory", "mapped"],
)
def test_a_training_grows_by_its_matrix_once_and_not_at_all_where_that_is_mapped(
    tmp_path: Path, matrix_bytes: int, least: float, most: float
) -> None:
    few, many = (
        train_watched(tmp_path / str(rows), LargeTable(rows, COLUMNS), TRAINING, matrix_bytes=matrix_bytes)
        for rows in (FEW_ROWS, MANY_ROWS)
    )
    more = many["matrix_bytes"] - few["matrix_bytes"]
    assert more == 4 * COLUMNS * (MANY_ROWS - FEW_ROWS)
    grown = (many["anonymous_bytes"] - few["anonymous_bytes"]) / more
    assert least < grown < most
    assert many["looks"] > 100
    if matrix_bytes > more:  # what the kernel has seen between the looks; it counts the pages of a mapped file too
        assert (many["all_bytes"] - few["all_bytes"]) / more < most
    assert list((tmp_path / str(MANY_ROWS)).glob("scratch/*")) == []
