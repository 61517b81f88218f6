"""Max-norm."""

import numpy as np

from core.max_norm import limit_norms
from core.network import MLP


def test_max_norm_worked_by_hand_leaves_biases_out():
    # Rows (3, 4) and (0.3, 0.4) of W¹, (2, 0) of W²; limit 1: the first becomes (0.6, 0.8), the second stays, the
    # third becomes (1, 0).
    network = MLP.from_parameters((2, 2, 1), "relu", "identity", np.array([3.0, 4, 0.3, 0.4, 10, 20, 2, 0, 30]))
    limit_norms(network, 1.0)
    np.testing.assert_allclose(network.parameters, [0.6, 0.8, 0.3, 0.4, 10, 20, 1, 0, 30])


def test_weights_within_the_limit_stay_to_the_bit():
    network = MLP.initialize((5, 4, 3), "relu", "softmax", seed=0)
    before = network.parameters.copy()
    limit_norms(network, 100.0)
    assert network.parameters.tobytes() == before.tobytes()
