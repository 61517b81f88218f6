"""The network: its parameters, and the forward pass.

Symbols: layers ℓ = 1…L; W (n_ℓ, n_(ℓ−1)) and b (n_ℓ,) are a layer's weights and biases, z = W a + b its weighted
input, a = σ(z) its activation, a⁰ = X. The paper writes one example as a column; here rows are examples.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.activations import ELEMENT_WISE, OUTPUT_FUNCTIONS
from core.arrays import FloatArray
from core.errors import InvalidConfiguration
from core.randomness import Purpose, stream

BLOCK_ROWS = 8192
"""Rows that `MLP.logits` takes at a time, so that its memory does not grow with the table."""

OUTPUT_SCALE = 0.1
"""Output weights start this much smaller, so that the first outputs are near 0: a standardised target's mean, or even
probabilities (docs/decisions/013)."""

HE_ACTIVATIONS = frozenset({"relu", "silu", "gelu", "gelu_tanh"})


def parameter_count(layer_sizes: Sequence[int]) -> int:
    """How many weights and biases a network of these layer sizes has."""
    return sum(n_out * (n_in + 1) for n_in, n_out in itertools.pairwise(layer_sizes))


def layer_views(flat: FloatArray, layer_sizes: Sequence[int]) -> tuple[list[FloatArray], list[FloatArray]]:
    """Each layer's W and b as views of one flat vector, in the order W¹ b¹ W² b² … .

    Raises
    ------
    ValueError
        When the vector does not have exactly the parameters of these layers.
    """
    count = parameter_count(layer_sizes)
    if flat.shape != (count,):
        raise ValueError(f"layers {tuple(layer_sizes)} have {count} parameters, not an array of {flat.shape}")
    weights, biases, start = [], [], 0
    for n_in, n_out in itertools.pairwise(layer_sizes):
        weights.append(flat[start : start + n_out * n_in].reshape(n_out, n_in))
        start += n_out * n_in
        biases.append(flat[start : start + n_out])
        start += n_out
    return weights, biases


@dataclass(frozen=True, eq=False)
class ForwardPass:
    """What the forward pass leaves for the backward one.

    `z[i]` and `a[i + 1]` belong to layer i + 1 and have shape (m, n); `a[0]` is the input; a hidden `a` is after
    dropout. `masks[i]` is that dropout, None without.
    """

    z: list[FloatArray]
    a: list[FloatArray]
    masks: Sequence[FloatArray] | None


class MLP:
    """A multilayer perceptron.

    Attributes
    ----------
    layer_sizes : tuple of int
        (n_in, hidden sizes…, n_out).
    hidden_activation, output_activation : str
        Names in `core.activations.ELEMENT_WISE` and `OUTPUT_FUNCTIONS`.
    parameters : ndarray of shape (n_parameters,)
        All weights and biases, contiguous; an optimizer updates it in place.
    weights, biases : list of ndarray
        Views of `parameters`: W of shape (n_ℓ, n_(ℓ−1)) and b of shape (n_ℓ,).
    """

    def __init__(
        self, layer_sizes: Sequence[int], hidden_activation: str, output_activation: str, parameters: FloatArray
    ) -> None:
        if hidden_activation not in ELEMENT_WISE:
            known = ", ".join(ELEMENT_WISE)
            raise InvalidConfiguration("activation", f"there is no activation {hidden_activation!r}", f"one of {known}")
        if output_activation not in OUTPUT_FUNCTIONS:
            known = ", ".join(OUTPUT_FUNCTIONS)
            raise InvalidConfiguration("output", f"there is no activation {output_activation!r}", f"one of {known}")
        self.layer_sizes = tuple(layer_sizes)
        self.hidden_activation = hidden_activation
        self.output_activation = output_activation
        self.parameters = parameters
        self.weights, self.biases = layer_views(parameters, self.layer_sizes)

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """The type of the parameters, in which everything is computed."""
        return self.parameters.dtype

    @classmethod
    def initialize(
        cls,
        layer_sizes: Sequence[int],
        hidden_activation: str,
        output_activation: str,
        *,
        seed: int,
        dtype: npt.DTypeLike = np.float32,
    ) -> "MLP":
        """A network with random weights and zero biases.

        He's normal, variance 2/n_in, before the rectifier-like hidden activations; Glorot's uniform within
        ±√(6/(n_in + n_out)) before the others, and a tenth of it before the output. Drawn in float64, so that the
        dtype does not change the draw.
        """
        network = cls(
            layer_sizes, hidden_activation, output_activation, np.zeros(parameter_count(layer_sizes), dtype=dtype)
        )
        random = stream(seed, Purpose.INITIALIZATION)
        for W in network.weights:
            n_out, n_in = W.shape
            is_output = W is network.weights[-1]
            if hidden_activation in HE_ACTIVATIONS and not is_output:
                W[...] = random.normal(0.0, math.sqrt(2 / n_in), W.shape)
            else:
                limit = math.sqrt(6 / (n_in + n_out)) * (OUTPUT_SCALE if is_output else 1)
                W[...] = random.uniform(-limit, limit, W.shape)
        return network

    @classmethod
    def from_parameters(
        cls, layer_sizes: Sequence[int], hidden_activation: str, output_activation: str, flat: FloatArray
    ) -> "MLP":
        """A network with a copy of these parameters, in the order of `layer_views`."""
        return cls(layer_sizes, hidden_activation, output_activation, np.array(flat, order="C"))

    def forward(self, X: FloatArray, masks: Sequence[FloatArray] | None = None) -> ForwardPass:
        """The forward pass of X (m, n_in), with everything that the backward pass needs.

        `masks`, one of shape (m, n_ℓ) for each hidden layer, multiply the hidden activations (dropout).
        """
        sigma = ELEMENT_WISE[self.hidden_activation].function
        last = len(self.weights) - 1
        passed = ForwardPass([], [X], masks)
        for i, (W, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            z = passed.a[-1] @ W.T + b  # [FWD]
            if i == last:
                a = OUTPUT_FUNCTIONS[self.output_activation](z)
            else:
                a = sigma(z)
                if masks is not None:
                    a = a * masks[i]
            passed.z.append(z)
            passed.a.append(a)
        return passed

    def logits(self, X: FloatArray) -> FloatArray:
        """z^L, the output layer's weighted input, of shape (m, n_out), for X (m, n_in), without dropout.

        Raises
        ------
        ValueError
            When X does not have n_in columns.
        """
        X = np.asarray(X)
        if X.ndim != 2 or X.shape[1] != self.layer_sizes[0]:
            raise ValueError(f"the network takes rows of {self.layer_sizes[0]} inputs, not an array of {X.shape}")
        z = np.empty((len(X), self.layer_sizes[-1]), dtype=self.dtype)
        with np.errstate(over="ignore", invalid="ignore"):  # who calls checks what comes out
            for start in range(0, len(X), BLOCK_ROWS):
                rows = slice(start, start + BLOCK_ROWS)
                z[rows] = self.forward(X[rows].astype(self.dtype, copy=False)).z[-1]
        return z

    def output(self, z: FloatArray) -> FloatArray:
        """a^L, the network's output, from z^L."""
        return OUTPUT_FUNCTIONS[self.output_activation](z)

    def predict(self, X: FloatArray) -> FloatArray:
        """a^L of shape (m, n_out) for X (m, n_in): probabilities, or standardised values."""
        return self.output(self.logits(X))
