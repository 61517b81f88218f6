"""Decoupled weight decay."""

import numpy as np

from core.network import MLP
from core.weight_decay import decay_weights


def test_weight_decay_worked_by_hand_leaves_biases_out():
    # 1 − 0.5 · 0.2 = 0.9 of each weight.
    network = MLP.from_parameters((2, 1, 1), "relu", "identity", np.array([1.0, 2, 10, 3, 20]))
    decay_weights(network, 0.5, 0.2)
    np.testing.assert_allclose(network.parameters, [0.9, 1.8, 10, 2.7, 20])
