"""Biases as a last column of the weights: there and back."""

import numpy as np

from core.engine.augmented import augment, augmented_views, flatten, on_weights
from core.network import layer_views, parameter_count

SIZES = (3, 4, 2)


def test_there_and_back_is_the_same():
    flat = np.arange(parameter_count(SIZES), dtype=np.float64)
    there, back = np.empty_like(flat), np.empty_like(flat)
    augment(flat, SIZES, there)
    flatten(there, SIZES, back)
    assert (back == flat).all()
    assert sorted(there) == sorted(flat)


def test_a_layer_is_its_weights_and_a_column_of_biases():
    flat = np.arange(parameter_count(SIZES), dtype=np.float64)
    there = np.empty_like(flat)
    augment(flat, SIZES, there)
    for W, b, view in zip(*layer_views(flat, SIZES), augmented_views(there, SIZES), strict=True):
        assert (view[:, :-1] == W).all()
        assert (view[:, -1] == b).all()


def test_weights_and_biases_get_their_own_numbers():
    marked = on_weights(2.0, np.empty(parameter_count(SIZES)), SIZES, 5.0)
    for view in augmented_views(marked, SIZES):
        assert (view[:, :-1] == 2.0).all()
        assert (view[:, -1] == 5.0).all()
