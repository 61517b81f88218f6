"""The penalties: by hand, biases excluded."""

import numpy as np

from core.network import MLP
from core.penalty import add_l1_gradient, add_l2_gradient, l1_penalty, l2_penalty

# W¹ = (1, 2), b¹ = 10, W² = 3, b² = 20.
NETWORK = MLP.from_parameters((2, 1, 1), "relu", "identity", np.array([1.0, 2, 10, 3, 20]))


def test_l2_worked_by_hand_leaves_biases_out():
    # 0.1/2 · (1 + 4 + 9) = 0.7.
    assert np.isclose(l2_penalty(NETWORK, 0.1), 0.7)


def test_l2_gradient_worked_by_hand_leaves_biases_out():
    gradient = np.ones(5)
    add_l2_gradient(NETWORK, 0.1, gradient)
    np.testing.assert_allclose(gradient, [1.1, 1.2, 1.0, 1.3, 1.0])


def test_l1_worked_by_hand_leaves_biases_out():
    # 0.1 · (1 + 2 + 3) = 0.6.
    assert np.isclose(l1_penalty(NETWORK, 0.1), 0.6)


def test_l1_gradient_worked_by_hand_leaves_biases_out():
    network = MLP.from_parameters((2, 1, 1), "relu", "identity", np.array([1.0, -2, 10, 0, 20]))
    gradient = np.ones(5)
    add_l1_gradient(network, 0.1, gradient)
    np.testing.assert_allclose(gradient, [1.1, 0.9, 1.0, 1.0, 1.0])
