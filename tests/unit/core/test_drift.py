"""The stability index and the chi-square test, by hand and beside SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from core.drift import chi_square, has_drifted, stability_index


def test_the_index_by_hand() -> None:
    # Raised by a half: 50.5 and 50.5 of 101, 30.5 and 70.5 of 101: shares 0.5, 0.5 and 0.30198, 0.69802.
    # (0.30198 - 0.5) ln(0.30198 / 0.5) + (0.69802 - 0.5) ln(0.69802 / 0.5) = 0.09985 + 0.06607.
    assert stability_index([50, 50], [30, 70]) == pytest.approx(0.16592, abs=1e-5)
    assert stability_index([50, 50], [500, 500]) == pytest.approx(0, abs=1e-12)
    assert stability_index([50, 50, 0], [30, 70, 0]) == stability_index([50, 50], [30, 70])


def test_the_index_is_symmetric_finite_and_at_least_0() -> None:
    moved = stability_index([100, 0], [0, 100])
    assert moved == pytest.approx(stability_index([0, 100], [100, 0]))
    assert 0 < moved < 20
    random = np.random.default_rng(0)
    for _ in range(50):
        assert stability_index(*random.integers(0, 40, (2, 6)).tolist()) >= 0


def test_the_test_by_hand() -> None:
    # Of 200 rows 80 are in the first bin and 120 in the second: 40 and 60 are expected in each sample.
    # 2 · 10² / 40 + 2 · 10² / 60 = 8.333; of one degree of freedom 0.389% are above.
    found = chi_square([50, 50], [30, 70])
    assert found.statistic == pytest.approx(25 / 3)
    assert found.degrees_of_freedom == 1
    assert found.p_value == pytest.approx(0.0038924, abs=1e-7)


@pytest.mark.parametrize("seed", range(20))
def test_the_test_is_scipys(seed: int) -> None:
    random = np.random.default_rng(seed)
    training, later = random.integers(20, 500, (2, random.integers(2, 13)))
    expected = stats.chi2_contingency([training, later], correction=False)
    found = chi_square(training.tolist(), later.tolist())
    assert found.statistic == pytest.approx(expected.statistic, rel=1e-12)
    assert found.degrees_of_freedom == expected.dof
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)


def test_rare_bins_are_pooled() -> None:
    # Of 1100 rows 100 are later ones: a bin with under 55 in all expects fewer than 5 of them.
    pooled = chi_square([480, 470, 25, 25], [45, 45, 5, 5])
    assert pooled == chi_square([480, 470, 50], [45, 45, 10])
    # The pool itself is rare: it goes with the smallest of the others.
    assert chi_square([500, 480, 20], [50, 49, 1]) == chi_square([500, 500], [50, 50])


@pytest.mark.parametrize(("training", "later"), [([10, 0], [7, 0]), ([3, 1], [1, 2]), ([10, 5], [0, 0]), ([0], [0])])
def test_nothing_to_tell_apart_is_no_evidence(training: list[int], later: list[int]) -> None:
    assert chi_square(training, later).p_value == 1.0


def test_p_values_of_equal_samples_are_spread_evenly() -> None:
    random = np.random.default_rng(5)
    shares = [0.1] * 10
    values = [
        chi_square(random.multinomial(2000, shares).tolist(), random.multinomial(500, shares).tolist()).p_value
        for _ in range(500)
    ]
    assert stats.kstest(values, "uniform").pvalue > 0.01


def test_drift_needs_a_large_index_and_a_small_p_value() -> None:
    far, chance = chi_square([500, 500], [300, 700]), chi_square([5, 5], [3, 7])
    assert has_drifted(0.3, far, columns=10)
    assert not has_drifted(0.19, far, columns=10)
    assert not has_drifted(0.3, chance, columns=10)
    borderline = chi_square([50, 50], [30, 70])  # p = 0.0039: enough for one column, not for three
    assert has_drifted(0.3, borderline, columns=1)
    assert not has_drifted(0.3, borderline, columns=3)
