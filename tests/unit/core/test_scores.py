"""Scores: by hand, batch by batch as in one go, and None where they are not defined."""

import numpy as np
import pytest

from core.scores import score, spread, tally


def test_accuracy_counts_the_most_probable_class():
    p = np.array([[0.6, 0.4], [0.3, 0.7], [0.9, 0.1]])
    y = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    assert tally("classification", p, y).tolist() == [2]
    assert score("classification", np.array([2.0]), 3, spread(y)) == pytest.approx(2 / 3)


def test_a_distribution_is_right_where_its_largest_share_is():
    assert tally("distribution", np.array([[0.4, 0.6]]), np.array([[0.1, 0.9]])).tolist() == [1]


def test_subset_accuracy_wants_every_label():
    p = np.array([[0.5, 0.1], [0.9, 0.9]])
    y = np.array([[1.0, 0.0], [1.0, 0.0]])
    assert tally("multilabel", p, y).tolist() == [1]


def test_r2_worked_by_hand():
    # y = 1, 2, 3 about its mean: 2. Residuals 0, 0, 1: R² = 1 − 1/2.
    y, a = np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [2.0], [2.0]])
    assert spread(y).tolist() == [2]
    assert score("regression", tally("regression", a, y), 3, spread(y)) == 0.5


def test_r2_is_the_mean_over_the_targets_that_vary():
    y = np.array([[1.0, 7.1, 0.0], [3.0, 7.1, 4.0]])
    a = np.array([[1.0, 0.0, 2.0], [3.0, 0.0, 2.0]])
    assert spread(y)[1] == 0
    assert score("regression", tally("regression", a, y), 2, spread(y)) == pytest.approx((1 + 0) / 2)


def test_r2_of_a_constant_target_is_not_defined():
    y = np.full((3, 1), 0.1, dtype=np.float32)
    assert score("regression", tally("regression", y, y), 3, spread(y)) is None
    assert score("regression", np.zeros(1), 1, spread(np.ones((1, 1)))) is None


@pytest.mark.parametrize("task", ["classification", "regression", "multilabel", "distribution"])
def test_the_tallies_of_batches_add_up(task):
    random = np.random.default_rng(0)
    a, y = random.random((10, 3)).astype(np.float32), random.random((10, 3)).round().astype(np.float32)
    np.testing.assert_allclose(tally(task, a[:4], y[:4]) + tally(task, a[4:], y[4:]), tally(task, a, y), rtol=1e-12)
