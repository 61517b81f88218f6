"""A network's flat vectors with each bias as a last column of its weights: (n_ℓ, n_(ℓ−1) + 1) for a layer.

With a row of ones below each activation, one product gives W a + b, and one gives both gradients.
"""

import itertools
from collections.abc import Sequence

import numpy as np

from core.arrays import FloatArray
from core.network import layer_views


def augmented_views(flat: FloatArray, layer_sizes: Sequence[int]) -> list[FloatArray]:
    """Each layer's (n_ℓ, n_(ℓ−1) + 1) as views of one flat vector of all parameters."""
    views, start = [], 0
    for n_in, n_out in itertools.pairwise(layer_sizes):
        size = n_out * (n_in + 1)
        views.append(flat[start : start + size].reshape(n_out, n_in + 1))
        start += size
    return views


def augment(flat: FloatArray, layer_sizes: Sequence[int], out: FloatArray) -> None:
    """Write a vector in the order of `core.network.layer_views` to `out` in the augmented order."""
    for W, b, view in zip(*layer_views(flat, layer_sizes), augmented_views(out, layer_sizes), strict=True):
        view[:, :-1], view[:, -1] = W, b


def flatten(augmented: FloatArray, layer_sizes: Sequence[int], out: FloatArray) -> None:
    """The way back."""
    for W, b, view in zip(*layer_views(out, layer_sizes), augmented_views(augmented, layer_sizes), strict=True):
        W[...], b[...] = view[:, :-1], view[:, -1]


def on_weights(value: float, like: FloatArray, layer_sizes: Sequence[int], on_biases: float = 0.0) -> FloatArray:
    """A vector in the augmented order with one value for every weight and another for every bias."""
    vector = np.full_like(like, value)
    for view in augmented_views(vector, layer_sizes):
        view[:, -1] = on_biases
    return vector
