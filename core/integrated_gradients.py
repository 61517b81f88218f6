"""What each input adds to one output of a network, by integrated gradients (Sundararajan, Taly and Yan 2017).

Symbols: x is a row, x′ the baseline, F the output that is explained, Δ = x − x′; the rest as in `core.backprop`.
The attribution of input i is Δ_i ∫₀¹ ∂F/∂x_i (x′ + α Δ) dα (their equation 1), and the attributions sum to
F(x) − F(x′) (their proposition 1, completeness).
"""

from dataclasses import dataclass

import numpy as np

from core.activations import ELEMENT_WISE
from core.arrays import Float64Array, FloatArray
from core.backprop import output_delta
from core.losses import Loss
from core.network import MLP

POINTS = 8
"""Of Gauss and Legendre in each piece of the way."""

FIRST_PIECES = 4
MOST_PIECES = 1024
TOLERANCE = 1e-4
"""How far the sum may be from F(x) − F(x′), relative to the larger of that difference and the attributions' sizes."""

OF_A_PIECE = TOLERANCE / 64
"""How far a piece may be from its own difference: one with a kink is halved until it adds next to nothing."""

_SELECTED = Loss("selected", value=lambda _z, a, y: (a * y).sum(axis=1), gradient=lambda _a, y: y)
_nodes, _weights = np.polynomial.legendre.leggauss(POINTS)


@dataclass(frozen=True, eq=False)
class Attribution:
    """One row's attributions: F(x′), F(x), and one number for each input."""

    baseline: float
    output: float
    inputs: Float64Array


def in_double(network: MLP) -> MLP:
    """The network with its parameters in float64: the sum of many small gradients is asked to be exact."""
    parameters = network.parameters.astype(np.float64)
    return MLP(network.layer_sizes, network.hidden_activation, network.output_activation, parameters)


def input_gradient(network: MLP, X: FloatArray, index: int) -> FloatArray:
    """∂a^L_index/∂x of each row, of shape (m, n_in)."""
    passed = network.forward(X)
    selected = np.zeros_like(passed.a[-1])
    selected[:, index] = 1
    sigma_prime = ELEMENT_WISE[network.hidden_activation].derivative
    delta = output_delta(network.output_activation, _SELECTED, passed.z[-1], passed.a[-1], selected)
    for i in reversed(range(1, len(network.weights))):
        delta = (delta @ network.weights[i]) * sigma_prime(passed.z[i - 1])  # BP2 again
    return delta @ network.weights[0]  # BP2 with a⁰ = X, which has no σ


def integrated_gradients(network: MLP, x: FloatArray, baseline: FloatArray, index: int) -> Attribution:
    """The attributions of one row.

    The way is cut into pieces. Completeness holds for each of them, so that a piece's own sum says how exact it is:
    those that are not (a ReLU has kinks, where no rule is exact) are halved, until all are or there are `MOST_PIECES`.

    Parameters
    ----------
    network : MLP
        In float64 (`in_double`).
    x, baseline : ndarray of shape (n_in,)
    index : int
        Which output.
    """
    start = np.asarray(baseline, dtype=np.float64)
    way = np.asarray(x, dtype=np.float64) - start
    ends = np.linspace(0, 1, FIRST_PIECES + 1)
    pieces, count = np.stack([ends[:-1], ends[1:]], axis=1), FIRST_PIECES
    inputs, allowed = np.zeros_like(way), np.inf
    low, high = network.predict(np.stack([start, start + way]))[:, index].tolist()
    while len(pieces):
        parts = way * _integrals(network, start, way, index, pieces)
        if count == FIRST_PIECES:
            allowed = OF_A_PIECE * max(abs(high - low), float(np.abs(parts.sum(axis=0)).sum()))
        outputs = network.predict(start + pieces.reshape(-1, 1) * way)[:, index].reshape(-1, 2)
        rough = np.abs(parts.sum(axis=1) - (outputs[:, 1] - outputs[:, 0])) > allowed
        count += int(rough.sum())
        if count > MOST_PIECES:
            rough[:] = False
        inputs += parts[~rough].sum(axis=0)
        left, right = pieces[rough].T
        middle = (left + right) / 2
        pieces = np.concatenate([np.stack([left, middle], axis=1), np.stack([middle, right], axis=1)])
    return Attribution(low, high, inputs)


def _integrals(network: MLP, start: Float64Array, way: Float64Array, index: int, pieces: Float64Array) -> Float64Array:
    """∫ ∂F/∂x dα over each piece, of shape (n_pieces, n_in)."""
    integrals = np.empty((len(pieces), len(way)))
    for number, (left, right) in enumerate(pieces.tolist()):
        alpha = left + (right - left) * (_nodes + 1) / 2
        integrals[number] = (
            (right - left) / 2 * (_weights @ input_gradient(network, start + alpha[:, None] * way, index))
        )
    return integrals
