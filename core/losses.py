"""Losses per example, and which output activation each one may follow.

Symbols: z is the output layer's weighted input, a = σ(z) the network's output, y the target (the paper's ŷ), all of
shape (m, K). A loss C has shape (m,); who wants the batch's loss takes the mean.
"""

# NumPy's and SciPy's stubs give Any for reductions and for mixed scalars.
# mypy: disable-error-code="no-any-return"

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from core.activations import ELEMENT_WISE
from core.arrays import FloatArray
from core.errors import InvalidConfiguration


@dataclass(frozen=True)
class Loss:
    """A loss: `value(z, a, y)` → (m,), and `gradient(a, y)` = ∂C/∂a → (m, K).

    `gradient` is None for a loss that is written in z, not a: its δ^L is derived as a whole in `core.backprop`.
    """

    name: str
    value: Callable[[FloatArray, FloatArray, FloatArray], FloatArray]
    gradient: Callable[[FloatArray, FloatArray], FloatArray] | None


def mse(_z: FloatArray, a: FloatArray, y: FloatArray) -> FloatArray:
    """C = the mean over the K outputs of (a − y)²."""
    return ((a - y) ** 2).mean(axis=1)  # [MSE]


def mse_gradient(a: FloatArray, y: FloatArray) -> FloatArray:
    """∂C/∂a = 2(a − y)/K."""
    return 2 * (a - y) / y.shape[1]  # [MSE-GRADIENT]


def mae(_z: FloatArray, a: FloatArray, y: FloatArray) -> FloatArray:
    """C = the mean over the K outputs of |a − y|."""
    return np.abs(a - y).mean(axis=1)  # [MAE]


def mae_gradient(a: FloatArray, y: FloatArray) -> FloatArray:
    """∂C/∂a = sign(a − y)/K; 0 where a = y, by convention."""
    return np.sign(a - y) / y.shape[1]  # [MAE-GRADIENT]


def huber(_z: FloatArray, a: FloatArray, y: FloatArray, delta: float = 1.0) -> FloatArray:
    """C = the mean over the K outputs of r²/2 for |r| ≤ δ, else δ(|r| − δ/2), with r = a − y.

    With q = min(|r|, δ) it is q(|r| − q/2) on both sides of δ.
    """
    r = np.abs(a - y)
    q = np.minimum(r, delta)
    return (q * (r - 0.5 * q)).mean(axis=1)  # [HUBER]


def huber_gradient(a: FloatArray, y: FloatArray, delta: float = 1.0) -> FloatArray:
    """∂C/∂a = r/K, held within ±δ/K."""
    return np.clip(a - y, -delta, delta) / y.shape[1]  # [HUBER-GRADIENT]


def log_softmax(z: FloatArray) -> FloatArray:
    """log p = z − max z − log Σ e^(z − max z) over the last axis (correction 3: never the log of a small p)."""
    shifted = z - z.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))  # [LOG-SOFTMAX]


def cross_entropy(z: FloatArray, _a: FloatArray, y: FloatArray) -> FloatArray:
    """C = −Σ_c y_c log p_c in nats, p = softmax(z), y any distribution."""
    return -(y * log_softmax(z)).sum(axis=1)  # [CE]


def binary_cross_entropy(z: FloatArray, _a: FloatArray, y: FloatArray) -> FloatArray:
    """C = −Σ_k (y log a + (1 − y) log(1 − a)) in nats, a = sigmoid(z), summed over the outputs, written in z."""
    return (np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))).sum(axis=1)  # [BCE]


LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (
        Loss("mse", mse, mse_gradient),
        Loss("mae", mae, mae_gradient),
        Loss("huber", huber, huber_gradient),
        Loss("cross_entropy", cross_entropy, None),
        Loss("binary_cross_entropy", binary_cross_entropy, None),
    )
}

OUTPUTS_OF: dict[str, frozenset[str]] = {
    "mse": frozenset(ELEMENT_WISE) | {"softmax"},
    "mae": frozenset({"identity"}),
    "huber": frozenset({"identity"}),
    "cross_entropy": frozenset({"softmax"}),
    "binary_cross_entropy": frozenset({"sigmoid"}),
}
"""The output activations that each loss may follow."""


def loss_after(output_activation: str, loss: str, *, huber_delta: float | None = None) -> Loss:
    """The loss by name, once it is known to fit the output activation; `huber_delta` is the Huber loss's δ.

    Raises
    ------
    InvalidConfiguration
        For an unknown loss, and for a pair that does not fit, by its names.
    """
    if loss not in LOSSES:
        raise InvalidConfiguration("loss", f"there is no loss {loss!r}", "one of " + ", ".join(LOSSES))
    if output_activation not in OUTPUTS_OF[loss]:
        raise InvalidConfiguration(
            "loss",
            f"the loss {loss} does not go with the output activation {output_activation}",
            "the output activation " + " or ".join(sorted(OUTPUTS_OF[loss])),
        )
    if huber_delta is not None and loss == "huber":
        return Loss(loss, partial(huber, delta=huber_delta), partial(huber_gradient, delta=huber_delta))
    return LOSSES[loss]
