"""Backpropagation: the gradient of a batch's mean loss, by BP1 to BP4.

Symbols: C is the loss of one example, δ^ℓ = ∂C/∂z^ℓ of shape (m, n_ℓ), W, b, z, a as in `core.network`. Rows are
examples. The paper's BP3 and BP4 give the change −ε · gradient of one example; here ε is the optimizer's, and δ^L is
divided by m at the start, so that each sum over the batch below is the mean that DESIGN's forms divide at the end.
"""

# NumPy's and SciPy's stubs give Any for reductions and for mixed scalars.
# mypy: disable-error-code="no-any-return"

import numpy as np

from core.activations import ELEMENT_WISE
from core.arrays import FloatArray
from core.losses import Loss
from core.network import MLP, ForwardPass, layer_views


def output_delta(output_activation: str, loss: Loss, z: FloatArray, a: FloatArray, y: FloatArray) -> FloatArray:
    """δ^L of shape (m, K) of each example's own loss.

    BP1 holds for an element-wise σ. The softmax is none, and the losses that are written in z have no ∂C/∂a here: for
    those pairs δ^L is derived as a whole (docs/equations.md, correction 2).
    """
    if loss.name == "cross_entropy":
        return a * y.sum(axis=1, keepdims=True) - y  # [SOFTMAX-CE]
    if loss.gradient is None:
        return a - y  # [SIGMOID-BCE]
    grad_a = loss.gradient(a, y)
    if output_activation == "softmax":
        return a * (grad_a - (grad_a * a).sum(axis=1, keepdims=True))  # [SOFTMAX-JACOBIAN]
    return grad_a * ELEMENT_WISE[output_activation].derivative(z)  # [BP1]


def backward(
    network: MLP,
    loss: Loss,
    passed: ForwardPass,
    y: FloatArray,
    gradient: FloatArray,
    shares: FloatArray | None = None,
) -> None:
    """Write the gradient of the batch's mean loss into `gradient`.

    Parameters
    ----------
    network : MLP
    loss : Loss
        One that fits the network's output activation (`core.losses.loss_after`).
    passed : ForwardPass
        Of this network and the batch.
    y : ndarray of shape (m, n_out)
        Targets.
    gradient : ndarray of shape (n_parameters,)
        Overwritten, in the order of `network.parameters`.
    shares : ndarray of shape (m,), or None
        What each example counts for in the mean (`core.example_weights.shares`); None for 1/m each.
    """
    grad_W, grad_b = layer_views(gradient, network.layer_sizes)
    sigma_prime = ELEMENT_WISE[network.hidden_activation].derivative
    z, a, W = passed.z, passed.a, network.weights
    delta = output_delta(network.output_activation, loss, z[-1], a[-1], y)
    delta = delta / len(y) if shares is None else delta * shares[:, None]
    for i in reversed(range(len(W))):
        np.matmul(delta.T, a[i], out=grad_W[i])  # [BP3]
        np.sum(delta, axis=0, out=grad_b[i])  # [BP4]
        if i > 0:
            delta = (delta @ W[i]) * sigma_prime(z[i - 1])  # [BP2]
            if passed.masks is not None:
                delta = delta * passed.masks[i - 1]
