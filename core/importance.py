"""Permutation feature importances: how much of its score a network owes to each feature (Breiman 2001, section 10)."""

from collections.abc import Callable
from typing import Any

import numpy as np

from core.arrays import FloatArray
from core.configuration import Task
from core.encoding import Encoding
from core.metrics import SCORE_OF
from core.network import MLP
from core.randomness import Purpose, stream
from core.scores import score, spread, tally

BUDGET = 200_000_000_000
"""Multiplications that may be spent, a few seconds of one core."""

LEAST_ROWS = 100


def affordable_rows(rows: int, features: int, repeats: int, parameters: int) -> int:
    """How many of the rows the importances are computed on: as many as the budget allows; 0 where it allows too few."""
    affordable = BUDGET // (features * repeats * parameters)
    return min(rows, affordable) if affordable >= min(rows, LEAST_ROWS) else 0


def permutation_importances(
    network: MLP,
    X: FloatArray,
    Y: FloatArray,
    encoding: Encoding,
    task: Task,
    *,
    repeats: int,
    seed: int,
    beat: Callable[[], None] = lambda: None,
) -> dict[str, Any] | None:
    """What the score of these rows loses when one feature's values change places among them.

    All inputs of a feature move together. The rows are X (n, n_inputs) and Y (n, n_outputs); of too many for the budget
    a random part is taken.

    Parameters
    ----------
    beat : callable
        Called after each feature.

    Returns
    -------
    dict or None
        `score` (its name), `rows`, `repeats`, and `items` of `{feature, importance, std}`, the greatest importance
        first: the mean over the repeats of the fall of the score, and its standard deviation. None where the score is
        not defined, or where the budget allows too few rows.
    """
    rows = affordable_rows(len(X), len(encoding.features), repeats, network.parameters.size)
    if rows == 0:
        return None
    chosen = np.sort(stream(seed, Purpose.IMPORTANCE).permutation(len(X))[:rows])
    X, Y = X[chosen], Y[chosen]  # copies: X is changed below
    about_mean = spread(Y)

    def scored(inputs: FloatArray) -> float | None:
        return score(task, tally(task, network.predict(inputs), Y), rows, about_mean)

    whole = scored(X)
    if whole is None:
        return None
    items = []
    for index, (feature, start) in enumerate(zip(encoding.features, encoding.starts, strict=True)):
        columns, falls = slice(start, start + feature.width), []
        values = X[:, columns].copy()
        for repeat in range(repeats):
            X[:, columns] = values[stream(seed, Purpose.IMPORTANCE, index + 1, repeat).permutation(rows)]
            after = scored(X)
            assert after is not None  # the targets are the same
            falls.append(whole - after)
        X[:, columns] = values
        items.append({"feature": feature.name, "importance": float(np.mean(falls)), "std": float(np.std(falls))})
        beat()
    items.sort(key=lambda item: -float(item["importance"]))  # type: ignore[arg-type]
    return {"score": SCORE_OF[task], "rows": rows, "repeats": repeats, "items": items}
