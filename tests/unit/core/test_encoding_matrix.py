"""A matrix of numbers is encoded to the bits of the table that holds them."""

from __future__ import annotations

import numpy as np
import pytest

from core.encoding import BLOCK_ROWS, Encoding
from core.table import CategoryColumn, NumberColumn


@pytest.mark.parametrize("clip", [None, 5.0])
@pytest.mark.parametrize("rows", [1, 3, BLOCK_ROWS + 7])
@pytest.mark.parametrize("kind", ["varying", "with an indicator", "one constant", "all constant"])
def test_the_bits_are_those_of_the_table(clip: float | None, rows: int, kind: str) -> None:
    random = np.random.default_rng(4)
    training = random.normal(3, 2, (50, 3))
    if kind == "with an indicator":
        training[7, 1] = np.nan
    if kind == "one constant":
        training[:, 0] = 1.5
    if kind == "all constant":
        training[:] = 1.5
    names = ("a", "b", "c")
    columns = {name: NumberColumn(training[:, i]) for i, name in enumerate(names)}
    encoding = Encoding.fit(columns, names, clip=clip)
    values = random.normal(3, 20, (rows, 3))
    values[0, 2] = 1e38
    before = values.copy()
    expected, notices = encoding.transform({name: NumberColumn(values[:, i]) for i, name in enumerate(names)})
    assert notices == []
    assert encoding.transform_matrix(values).tobytes() == expected.tobytes()
    assert (values == before).all(), "the caller's matrix was changed"


def test_categories_are_left_to_the_caller() -> None:
    columns = {
        "a": NumberColumn(np.array([1.0, 2.0])),
        "b": CategoryColumn(np.array([0, 1], dtype=np.int32), ("x", "y")),
    }
    encoding = Encoding.fit(columns, ["b", "a"], clip=5)
    X = encoding.transform_matrix(np.array([[9.0, 2.0]]))
    assert X.tolist() == [[0.0, 0.0, 1.0]]
