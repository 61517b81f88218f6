"""Backpropagation: BP1 to BP4 by hand, and the whole gradient against differences and against autograd.

The oracle is written anew on autograd's NumPy: of core it takes only the parameters' order.
"""

import itertools
from collections.abc import Callable

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from autograd.scipy.special import erf, logsumexp

from core.activations import ELEMENT_WISE
from core.backprop import backward, output_delta
from core.losses import OUTPUTS_OF, loss_after
from core.network import MLP

PAIRS = [(output, loss) for loss, outputs in OUTPUTS_OF.items() for output in sorted(outputs)]
SIZES = (3, 5, 4, 4, 3)
ROWS = 6


def test_bp1_worked_by_hand():
    # One tanh output, MSE: a = 0.6, y = 0.1, ∂C/∂a = 2 · 0.5 = 1, σ′ = 1 − 0.36 = 0.64, δ = 0.64.
    z = np.array([[np.log(2.0)]])
    delta = output_delta("tanh", loss_after("tanh", "mse"), z, np.tanh(z), np.array([[0.1]]))
    np.testing.assert_allclose(delta, [[0.64]], rtol=1e-14)


def test_softmax_ce_is_p_minus_y_worked_by_hand():
    # p = (1/8, 2/8, 5/8), y = (0, 0, 1): (0.125, 0.25, −0.375). A y that sums to 2 weighs p twice.
    p, y = np.array([[0.125, 0.25, 0.625]]), np.array([[0.0, 0.0, 1.0]])
    loss = loss_after("softmax", "cross_entropy")
    assert output_delta("softmax", loss, np.log(p), p, y).tolist() == [[0.125, 0.25, -0.375]]
    assert output_delta("softmax", loss, np.log(p), p, 2 * y).tolist() == [[0.25, 0.5, -0.75]]


def test_softmax_ce_is_not_what_an_element_wise_bp1_would_give():
    # ∂C/∂p = −y/p, and the diagonal of the Jacobian is p(1 − p): the product is y(p − 1), zero for every other class.
    p, y = np.array([[0.125, 0.25, 0.625]]), np.array([[0.0, 0.0, 1.0]])
    element_wise = -y / p * p * (1 - p)
    delta = output_delta("softmax", loss_after("softmax", "cross_entropy"), np.log(p), p, y)
    assert element_wise.tolist() == [[0.0, 0.0, -0.375]]
    assert np.abs(delta - element_wise).max() == 0.25


def test_sigmoid_bce_is_a_minus_y_worked_by_hand():
    # a = (3/4, 1/4), y = (1, 0): (−0.25, 0.25).
    a, y = np.array([[0.75, 0.25]]), np.array([[1.0, 0.0]])
    loss = loss_after("sigmoid", "binary_cross_entropy")
    assert output_delta("sigmoid", loss, np.log(a / (1 - a)), a, y).tolist() == [[-0.25, 0.25]]


def test_softmax_jacobian_worked_by_hand():
    # p = (1/4, 3/4), y = (1, 0), MSE: g = 2(p − y)/2 = (−3/4, 3/4); Σ g p = −3/16 + 9/16 = 3/8;
    # δ = p(g − 3/8) = (1/4 · −9/8, 3/4 · 3/8) = (−9/32, 9/32).
    p, y = np.array([[0.25, 0.75]]), np.array([[1.0, 0.0]])
    delta = output_delta("softmax", loss_after("softmax", "mse"), np.log(p), p, y)
    assert delta.tolist() == [[-0.28125, 0.28125]]


def _by_hand() -> tuple[MLP, np.ndarray]:
    """One input, two hidden tanh, one identity output, two examples; the gradient of core.

    Both examples have x = 1, W¹ = (ln 2, −ln 2), b¹ = 0, so a¹ = (0.6, −0.6) and σ′(z¹) = (0.64, 0.64).
    W² = (1, 2), b² = 0.6, so z² = 0.6 − 1.2 + 0.6 = 0. With y = (−1, −2): δ² = 2(a − y) = (2, 4).
    """
    ln2 = np.log(2.0)
    network = MLP.from_parameters((1, 2, 1), "tanh", "identity", np.array([ln2, -ln2, 0, 0, 1, 2, 0.6]))
    X, y = np.array([[1.0], [1.0]]), np.array([[-1.0], [-2.0]])
    gradient = np.empty_like(network.parameters)
    backward(network, loss_after("identity", "mse"), network.forward(X), y, gradient)
    return network, gradient


def test_bp2_worked_by_hand():
    # δ¹ = (W²ᵀ δ²) ⊙ σ′(z¹) = δ² · (1, 2) · 0.64 = (1.28, 2.56) and (2.56, 5.12); the mean is (1.92, 3.84), which is
    # the gradient of b¹, and of W¹ as x = 1.
    _, gradient = _by_hand()
    np.testing.assert_allclose(gradient[:4], [1.92, 3.84, 1.92, 3.84], rtol=1e-14)


def test_bp3_worked_by_hand():
    # ∂C/∂W² = δ² a¹ᵀ: the mean of 2 · (0.6, −0.6) and 4 · (0.6, −0.6) is (1.8, −1.8).
    _, gradient = _by_hand()
    np.testing.assert_allclose(gradient[4:6], [1.8, -1.8], rtol=1e-14)


def test_bp4_worked_by_hand():
    # ∂C/∂b² = δ²: the mean of 2 and 4.
    _, gradient = _by_hand()
    np.testing.assert_allclose(gradient[6], 3.0, rtol=1e-14)


ORACLE_ACTIVATIONS: dict[str, Callable] = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + anp.exp(-z)),
    "tanh": anp.tanh,
    "relu": lambda z: anp.where(z > 0, z, 0 * z),
    "silu": lambda z: z / (1 + anp.exp(-z)),
    "gelu": lambda z: z / 2 * (1 + erf(z / 2**0.5)),
    "gelu_tanh": lambda z: z / 2 * (1 + anp.tanh((2 / float(np.pi)) ** 0.5 * (z + 0.044715 * z**3))),
    "softmax": lambda z: anp.exp(z - logsumexp(z, axis=1, keepdims=True)),
}
# From logits: log(1 − a) of an a near 1 has lost its digits in float32, and the oracle would be the less exact one.
ORACLE_LOSSES: dict[str, Callable] = {
    "mse": lambda z, a, y: anp.mean((a - y) ** 2),
    "mae": lambda z, a, y: anp.mean(anp.abs(a - y)),
    "huber": lambda z, a, y: anp.mean(anp.where(anp.abs(a - y) <= 1, (a - y) ** 2 / 2, anp.abs(a - y) - 0.5)),
    "cross_entropy": lambda z, a, y: -anp.sum(y * (z - logsumexp(z, axis=1, keepdims=True))) / len(y),
    "binary_cross_entropy": lambda z, a, y: anp.sum(anp.logaddexp(0 * z, z) - y * z) / len(y),
}


def _oracle(flat, sizes, hidden, output, loss, X, y):
    a, start = X, 0
    for layer, (n_in, n_out) in enumerate(itertools.pairwise(sizes)):
        W = anp.reshape(flat[start : start + n_in * n_out], (n_out, n_in))
        b = flat[start + n_in * n_out : start + n_in * n_out + n_out]
        start += n_out * (n_in + 1)
        z = anp.dot(a, W.T) + b
        a = ORACLE_ACTIVATIONS[output if layer == len(sizes) - 2 else hidden](z)
    return ORACLE_LOSSES[loss](z, a, y)


def _case(hidden: str, output: str, loss: str, depth: int, dtype) -> tuple[MLP, np.ndarray, np.ndarray, np.ndarray]:
    """A network of `depth` layers away from kinks, a batch, and core's gradient; redrawn when it is all but zero."""
    sizes = (*SIZES[:depth], SIZES[-1])
    for seed in range(200):
        random = np.random.default_rng(seed)
        network = MLP.initialize(sizes, hidden, output, seed=seed, dtype=dtype)
        network.parameters[:] = random.normal(0, 0.7, network.parameters.shape)
        X = random.normal(size=(ROWS, sizes[0])).astype(dtype)
        y = random.dirichlet(np.ones(sizes[-1]), ROWS).astype(dtype)
        passed = network.forward(X)
        gradient = np.full_like(network.parameters, np.nan)
        backward(network, loss_after(output, loss), passed, y, gradient)
        kinked = [z for layer, z in enumerate(passed.z) if (output if layer == depth - 1 else hidden) == "relu"]
        if loss == "mae":
            kinked.append(passed.a[-1] - y)
        if all(np.abs(z).min() > 1e-4 for z in kinked) and np.linalg.norm(gradient) > 1e-2:
            return network, X, y, gradient
    raise AssertionError("no draw was away from the kinks")


def _relative_error(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm(a - b) / (np.linalg.norm(a) + np.linalg.norm(b)))


def _central_differences(network: MLP, cost: Callable[[], float], h: float = 1e-6) -> np.ndarray:
    slopes = np.empty_like(network.parameters)
    for i, value in enumerate(network.parameters.copy()):
        network.parameters[i] = value + h
        above = cost()
        network.parameters[i] = value - h
        slopes[i] = (above - cost()) / (2 * h)
        network.parameters[i] = value
    return slopes


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
@pytest.mark.parametrize(("output", "loss"), PAIRS)
@pytest.mark.parametrize("hidden", ELEMENT_WISE)
def test_the_gradient_is_that_of_central_differences_in_float64(hidden, output, loss, depth):
    network, X, y, gradient = _case(hidden, output, loss, depth, np.float64)
    value = loss_after(output, loss).value

    def cost() -> float:
        passed = network.forward(X)
        return float(value(passed.z[-1], passed.a[-1], y).mean())

    assert _relative_error(gradient, _central_differences(network, cost)) < 1e-6


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
@pytest.mark.parametrize(("output", "loss"), PAIRS)
@pytest.mark.parametrize("hidden", ELEMENT_WISE)
def test_the_gradient_is_that_of_autograd_in_float32(hidden, output, loss, depth):
    network, X, y, gradient = _case(hidden, output, loss, depth, np.float32)
    arguments = (network.layer_sizes, hidden, output, loss, X, y)
    oracle = autograd.grad(lambda flat: _oracle(flat, *arguments))(network.parameters)
    assert gradient.dtype == np.float32
    assert oracle.dtype == np.float32
    assert _relative_error(gradient, oracle) < 1e-5


def test_the_gradient_of_a_dropped_out_network_is_that_of_central_differences():
    network, X, y, gradient = _case("gelu", "softmax", "cross_entropy", 4, np.float64)
    masks = [2.0 * (np.random.default_rng(i).random((ROWS, n)) < 0.5) for i, n in enumerate(network.layer_sizes[1:-1])]
    loss = loss_after("softmax", "cross_entropy")
    backward(network, loss, network.forward(X, masks), y, gradient)

    def cost() -> float:
        passed = network.forward(X, masks)
        return float(loss.value(passed.z[-1], passed.a[-1], y).mean())

    assert _relative_error(gradient, _central_differences(network, cost)) < 1e-6


def test_the_gradient_of_a_weighted_mean_is_that_of_central_differences():
    network, X, y, gradient = _case("tanh", "softmax", "cross_entropy", 3, np.float64)
    weights = np.arange(ROWS) / sum(range(ROWS))
    loss, plain = loss_after("softmax", "cross_entropy"), gradient.copy()
    backward(network, loss, network.forward(X), y, gradient, weights)

    def cost() -> float:
        passed = network.forward(X)
        return float((weights * loss.value(passed.z[-1], passed.a[-1], y)).sum())

    assert _relative_error(gradient, _central_differences(network, cost)) < 1e-6
    assert _relative_error(gradient, plain) > 1e-2


def test_the_grid_of_gradients_leaves_no_pair_out():
    assert len(PAIRS) == 12
    assert len(ELEMENT_WISE) == 7
