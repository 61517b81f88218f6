"""95% intervals of scores: what another sample of as many rows might have given."""

import math

import numpy as np

from core.arrays import Float64Array
from core.randomness import Purpose, stream
from core.scores import score, spread

LEVEL = 0.95
Z = 1.959963984540054  # the standard normal's 97.5% point
RESAMPLES = 200


def wilson_interval(right: int, rows: int) -> tuple[float, float]:
    """Wilson's score interval of a share (Wilson 1927, equation 2)."""
    share, z2 = right / rows, Z * Z
    centre = (share + z2 / (2 * rows)) / (1 + z2 / rows)
    half = Z / (1 + z2 / rows) * math.sqrt(share * (1 - share) / rows + z2 / (4 * rows * rows))
    return max(0.0, centre - half), min(1.0, centre + half)


def bootstrap_interval(predicted: Float64Array, wanted: Float64Array, seed: int) -> tuple[float | None, float | None]:
    """The middle 95% of R² over 200 resamples of the rows; (None, None) where R² is not defined."""
    if spread(wanted).max() == 0:
        return None, None
    random = stream(seed, Purpose.BOOTSTRAP)
    squares = np.square(predicted - wanted)
    values = []
    for _ in range(RESAMPLES):
        rows = random.integers(0, len(wanted), len(wanted))
        value = score("regression", squares[rows].sum(axis=0), len(rows), spread(wanted[rows]))
        if value is not None:  # a resample of one value only has no R²
            values.append(value)
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
