"""How far counts have moved from those of the training: the population stability index, and a chi-square test.

The index says how much (it hardly depends on how many rows there are), the test whether chance would do as much.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincc

from core.arrays import Float64Array

LEAST_INDEX = 0.2
"""From this index on a column has drifted, where the test agrees: the usual rule of thumb (below 0.1: no change)."""
LEVEL = 0.01
"""The test's level for all columns together; of m columns each is tested at LEVEL / m (Bonferroni)."""
LEAST_EXPECTED = 5.0
"""Bins where fewer are expected are pooled: with less the statistic is not distributed as chi-square."""
_PRIOR = 0.5  # added to each count, so that a share is never 0


@dataclass(frozen=True)
class ChiSquare:
    """Pearson's statistic of two samples, its degrees of freedom, and how often chance exceeds it."""

    statistic: float
    degrees_of_freedom: int
    p_value: float


def stability_index(training: Sequence[int], later: Sequence[int]) -> float:
    """The population stability index Σ (q − p) ln(q / p) of two samples' shares in the same bins; at least 0.

    It is the sum of the Kullback-Leibler divergences both ways, in nats. Each count is raised by 0.5, bins that are
    empty in both are left out.
    """
    table = _occupied(training, later) + _PRIOR
    p, q = table / table.sum(axis=1, keepdims=True)
    return float(np.sum((q - p) * np.log(q / p)))


def chi_square(training: Sequence[int], later: Sequence[int]) -> ChiSquare:
    """Pearson's test of whether two samples, counted in the same bins, are of one distribution.

    Σ (O − E)² / E over both samples and all bins, where E is what a bin would have if both were alike. Bins where E is
    below `LEAST_EXPECTED` in the smaller sample are pooled; with one bin left nothing speaks against it.
    """
    table = _pooled(_occupied(training, later))
    if table.shape[1] < 2 or not table.sum(axis=1).all():
        return ChiSquare(0.0, 0, 1.0)
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    statistic = float(np.sum((table - expected) ** 2 / expected))
    degrees = table.shape[1] - 1
    # The upper tail of chi-square is the regularised incomplete gamma function Q(k/2, x/2).
    return ChiSquare(statistic, degrees, float(gammaincc(degrees / 2, statistic / 2)))


def has_drifted(index: float, test: ChiSquare, columns: int) -> bool:
    """Whether a column moved far enough to matter, and further than chance moves one of so many columns."""
    return index >= LEAST_INDEX and test.p_value < LEVEL / columns


def _occupied(training: Sequence[int], later: Sequence[int]) -> Float64Array:
    table = np.array([training, later], dtype=np.float64)
    occupied: Float64Array = table[:, table.any(axis=0)]
    return occupied


def _pooled(table: Float64Array) -> Float64Array:
    totals = table.sum(axis=0)
    share = table.sum(axis=1).min() / max(1.0, table.sum())
    rare = totals * share < LEAST_EXPECTED
    if not rare.any():
        return table
    kept, pool = table[:, ~rare], table[:, rare].sum(axis=1, keepdims=True)
    if kept.shape[1] and pool.sum() * share < LEAST_EXPECTED:
        kept[:, kept.sum(axis=0).argmin()] += pool[:, 0]
        return kept
    return np.hstack([kept, pool])
