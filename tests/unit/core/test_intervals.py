"""Intervals: Wilson's by its published example, the bootstrap's by what it must cover."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.intervals import bootstrap_interval, wilson_interval


def test_wilson_worked_by_hand():
    # Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662; 0 of 20 gives 0 to 0.1611.
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


@given(rows=st.integers(1, 10**6), share=st.floats(0, 1))
def test_wilson_covers_the_share_and_stays_within_zero_and_one(rows, share):
    right = round(rows * share)
    low, high = wilson_interval(right, rows)
    assert 0 <= low <= right / rows + 1e-12
    assert right / rows - 1e-12 <= high <= 1


def test_the_bootstrap_covers_r2_and_narrows_with_rows():
    random = np.random.default_rng(0)
    widths = []
    for rows in (50, 5000):
        wanted = random.normal(size=(rows, 1))
        predicted = wanted + 0.5 * random.normal(size=(rows, 1))
        r2 = 1 - np.square(predicted - wanted).sum() / np.square(wanted - wanted.mean()).sum()
        low, high = bootstrap_interval(predicted, wanted, 0)
        assert low < r2 < high
        assert (low, high) == bootstrap_interval(predicted, wanted, 0)
        assert (low, high) != bootstrap_interval(predicted, wanted, 1)
        widths.append(high - low)
    assert widths[1] < widths[0] / 3


def test_the_bootstrap_of_a_constant_target_is_not_defined():
    assert bootstrap_interval(np.zeros((5, 1)), np.ones((5, 1)), 0) == (None, None)
    assert bootstrap_interval(np.zeros((1, 1)), np.ones((1, 1)), 0) == (None, None)


def test_resamples_of_one_value_are_left_out():
    low, high = bootstrap_interval(np.array([[0.0], [1.0]]), np.array([[0.0], [2.0]]), 0)
    assert (low, high) == (0.5, 0.5)  # half of the resamples of two rows repeat one
