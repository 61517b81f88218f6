"""Label smoothing."""

import numpy as np

from core.label_smoothing import smooth


def test_smoothing_worked_by_hand():
    # s = 0.3, K = 3: 0.7 · (1, 0, 0) + 0.1.
    np.testing.assert_allclose(smooth(np.array([[1.0, 0, 0]]), 0.3, "softmax"), [[0.8, 0.1, 0.1]])


def test_a_sigmoid_output_is_smoothed_by_itself():
    # Each output says yes or no: 0.7 · y + 0.15.
    np.testing.assert_allclose(smooth(np.array([[1.0, 0, 1]]), 0.3, "sigmoid"), [[0.85, 0.15, 0.85]])
