"""Integrated gradients: completeness for every activation, the gradient beside differences, a case by hand."""

import numpy as np
import pytest

from core.activations import ELEMENT_WISE
from core.features import fit_feature
from core.integrated_gradients import FIRST_PIECES, TOLERANCE, in_double, input_gradient, integrated_gradients
from core.network import MLP
from core.table import CategoryColumn, NumberColumn

RANDOM = np.random.default_rng(5)


def _network(hidden, output, sizes=(6, 16, 12, 3)):
    network = in_double(MLP.initialize(sizes, hidden, output, seed=1))
    network.parameters *= 2.5  # a network that has learnt: far from linear
    return network


@pytest.mark.parametrize("output", ["softmax", "sigmoid", "identity"])
@pytest.mark.parametrize("hidden", sorted(ELEMENT_WISE))
def test_the_attributions_sum_to_what_the_output_differs_by(hidden, output):
    network = _network(hidden, output)
    for index in range(3):
        x, baseline = 2 * RANDOM.normal(size=6), RANDOM.uniform(size=6)
        found = integrated_gradients(network, x, baseline, index)
        ends = network.predict(np.stack([baseline, x]))[:, index]
        assert (found.baseline, found.output) == pytest.approx(tuple(ends))
        size = max(abs(ends[1] - ends[0]), np.abs(found.inputs).sum())
        assert abs(found.inputs.sum() - (ends[1] - ends[0])) <= TOLERANCE * size


@pytest.mark.parametrize("output", ["softmax", "sigmoid", "identity"])
def test_the_gradient_by_the_inputs_is_that_of_central_differences(output):
    network, x, step = _network("tanh", output), RANDOM.normal(size=6), 1e-6
    expected = [
        (network.predict((x + move)[None])[0, 1] - network.predict((x - move)[None])[0, 1]) / (2 * step)
        for move in step * np.eye(6)
    ]
    assert input_gradient(network, x[None], 1)[0] == pytest.approx(expected, rel=1e-5, abs=1e-8)


def test_a_relu_worked_by_hand():
    # F(x) = max(0, x1 + 2 x2 − 3). On the way from (0, 0) to (2, 2) the sum is 6 α, above 3 for half of the way:
    # the mean gradient is (1, 2)/2, the attributions are 2 (1/2) = 1 and 2 (2/2) = 2, and F goes from 0 to 3.
    network = MLP.from_parameters((2, 1, 1), "relu", "identity", np.array([1, 2, -3, 1, 0], dtype=np.float64))
    found = integrated_gradients(network, np.array([2.0, 2.0]), np.zeros(2), 0)
    assert (found.baseline, found.output) == (0, 3)
    assert found.inputs == pytest.approx([1, 2], rel=1e-3)


def test_the_pieces_are_bounded(monkeypatch):
    # F(x) = max(0, x1 + 2 x2 − 2): its kink is at α = 1/3, inside a piece that may not be halved here. The attributions
    # are 4/3 and 8/3; the piece, a quarter of the way, is wrong by less than its own share of 1/2 and 1.
    monkeypatch.setattr("core.integrated_gradients.MOST_PIECES", FIRST_PIECES)
    network = MLP.from_parameters((2, 1, 1), "relu", "identity", np.array([1, 2, -2, 1, 0], dtype=np.float64))
    found = integrated_gradients(network, np.array([2.0, 2.0]), np.zeros(2), 0)
    wrong = np.abs(found.inputs - [4 / 3, 8 / 3])
    assert (wrong > 1e-3).all()
    assert (wrong < [1 / 2, 1]).all()


def test_the_training_mean_is_each_levels_share():
    category = fit_feature("k", CategoryColumn(np.array([0, 1, 1, -1], dtype=np.int32), ("a", "b", "never")))
    assert category.input_means == (0.25, 0.5, 0.25)
    number = fit_feature("n", NumberColumn(np.array([1.0, np.nan, 3.0, 5.0])))
    assert number.input_means == (0.0, 0.25)
    assert fit_feature("c", NumberColumn(np.array([1.0, 1.0]))).input_means == (0.0,)
