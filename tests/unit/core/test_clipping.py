"""Clipping of the gradient by its norm."""

import numpy as np

from core.clipping import clip_by_norm


def test_clip_worked_by_hand():
    # ‖(3, 4)‖ = 5, limit 2.5: (1.5, 2).
    gradient = np.array([3.0, 4.0])
    clip_by_norm(gradient, 5.0, 2.5)
    assert gradient.tolist() == [1.5, 2.0]


def test_a_gradient_within_the_limit_stays_as_it_is():
    gradient = np.array([3.0, 4.0])
    clip_by_norm(gradient, 5.0, 5.0)
    assert gradient.tolist() == [3.0, 4.0]
