"""One feature: mean and scale where float64 would slip, widths, and levels by name."""

import math

import numpy as np
import pytest

from core.features import FeatureEncoding, check_magnitude, level_of_code, mean_and_scale
from core.table import CategoryColumn


def test_equal_values_have_a_scale_of_exactly_zero():
    values = np.full(3, 0.1)  # np.std says 1.4e-17
    assert mean_and_scale(values) == (0.1, 0.0)
    assert mean_and_scale(np.array([])) == (0.0, 0.0)


def test_deviations_whose_squares_leave_float64_still_have_a_scale():
    mean, scale = mean_and_scale(np.array([1e-200, 3e-200]))
    assert mean == pytest.approx(2e-200)
    assert scale == pytest.approx(1e-200)
    assert mean_and_scale(np.array([-1e300, 1e300])) == pytest.approx((0, 1e300))


@pytest.mark.parametrize(
    ("feature", "width"),
    [
        (FeatureEncoding("x", "number", False), 1),
        (FeatureEncoding("x", "number", False, indicator=True), 2),
        (FeatureEncoding("x", "category", False, categories=("a", "b")), 2),
        (FeatureEncoding("x", "category", False, categories=("a", "b"), missing_level=True), 3),
        (FeatureEncoding("x", "category", True, categories=()), 1),
    ],
)
def test_width_counts_the_inputs(feature, width):
    assert feature.width == width
    assert FeatureEncoding.from_dict(feature.to_dict()) == feature


def test_levels_are_found_by_name_and_missing_is_last():
    feature = FeatureEncoding("x", "category", False, categories=("a", "b"), missing_level=True)
    column = CategoryColumn(np.array([], dtype=np.int32), ("b", "z", "a"))
    assert level_of_code(feature, column).tolist() == [1, -1, 0, 2]


def test_nan_is_no_magnitude():
    check_magnitude("x", np.array([math.nan, 1.0]))
