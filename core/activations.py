"""Activation functions, each beside its derivative.

Symbols: z is a layer's weighted input, a = σ(z) its activation, Φ and φ the distribution function and the density of
the standard normal. All functions here are element-wise but `softmax`, whose Jacobian is full: it serves output
layers only and has no σ′ (see `core.backprop`).

Every function is finite for finite input of any size: exp and z² may overflow to infinity on the way, where the limit
is right, so that overflow is ignored and never a warning.
"""

# NumPy's and SciPy's stubs give Any for reductions and for mixed scalars.
# mypy: disable-error-code="no-any-return"

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import erf

from core.arrays import FloatArray

SQRT_2 = math.sqrt(2.0)
SQRT_2_PI = math.sqrt(2.0 * math.pi)
SQRT_2_OVER_PI = math.sqrt(2.0 / math.pi)
GELU_CUBIC = 0.044715

# Beyond |z| = 30 tanh and Φ are 0 or ±1 to the last bit of float64, so that the clip changes no value.
SATURATED = 30.0


@dataclass(frozen=True)
class Activation:
    """An element-wise σ and its σ′, both functions of z."""

    name: str
    function: Callable[[FloatArray], FloatArray]
    derivative: Callable[[FloatArray], FloatArray]


def identity(z: FloatArray) -> FloatArray:
    """σ(z) = z."""
    return z  # [IDENTITY]


def identity_prime(z: FloatArray) -> FloatArray:
    """σ′(z) = 1."""
    return np.ones_like(z)  # [IDENTITY-PRIME]


def sigmoid(z: FloatArray) -> FloatArray:
    """σ(z) = 1 / (1 + e^(−z)). For z → −∞ the exponential overflows and its reciprocal is 0, the limit."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-z))  # [SIGMOID]


def sigmoid_prime(z: FloatArray) -> FloatArray:
    """σ′(z) = σ(z)(1 − σ(z))."""
    a = sigmoid(z)
    return a * (1 - a)  # [SIGMOID-PRIME]


def tanh(z: FloatArray) -> FloatArray:
    """σ(z) = tanh z."""
    return np.tanh(z)  # [TANH]


def tanh_prime(z: FloatArray) -> FloatArray:
    """σ′(z) = 1 − tanh² z."""
    return 1 - np.tanh(z) ** 2  # [TANH-PRIME]


def relu(z: FloatArray) -> FloatArray:
    """σ(z) = max(0, z)."""
    return np.maximum(z, 0)  # [RELU]


def relu_prime(z: FloatArray) -> FloatArray:
    """σ′(z) = 1 for z > 0, else 0; σ′(0) = 0 by convention."""
    return (z > 0).astype(z.dtype)  # [RELU-PRIME]


def silu(z: FloatArray) -> FloatArray:
    """σ(z) = z · sigmoid(z)."""
    return z * sigmoid(z)  # [SILU]


def silu_prime(z: FloatArray) -> FloatArray:
    """σ′(z) = s(1 + z(1 − s)) with s = sigmoid(z)."""
    s = sigmoid(z)
    return s * (1 + z * (1 - s))  # [SILU-PRIME]


def gelu(z: FloatArray) -> FloatArray:
    """σ(z) = z Φ(z), with the error function that carries 2/√π (docs/equations.md, correction 1)."""
    return 0.5 * z * (1 + erf(z / SQRT_2))  # [GELU]


def gelu_prime(z: FloatArray) -> FloatArray:
    """σ′(z) = Φ(z) + z φ(z)."""
    z = np.clip(z, -SATURATED, SATURATED)
    cumulative = 0.5 * (1 + erf(z / SQRT_2))
    density = np.exp(-0.5 * z * z) / SQRT_2_PI
    return cumulative + z * density  # [GELU-PRIME]


def gelu_tanh(z: FloatArray) -> FloatArray:
    """σ(z) = (z/2)(1 + tanh(√(2/π)(z + 0.044715 z³))), the approximation of GELU."""
    x = np.clip(z, -SATURATED, SATURATED)
    return 0.5 * z * (1 + np.tanh(SQRT_2_OVER_PI * (x + GELU_CUBIC * x**3)))  # [GELU-TANH]


def gelu_tanh_prime(z: FloatArray) -> FloatArray:
    """σ′(z) = (1 + t)/2 + (z/2)(1 − t²) u′ with t = tanh u, u = √(2/π)(z + 0.044715 z³)."""
    z = np.clip(z, -SATURATED, SATURATED)
    t = np.tanh(SQRT_2_OVER_PI * (z + GELU_CUBIC * z**3))
    u_prime = SQRT_2_OVER_PI * (1 + 3 * GELU_CUBIC * z**2)
    return 0.5 * (1 + t) + 0.5 * z * (1 - t**2) * u_prime  # [GELU-TANH-PRIME]


def softmax(z: FloatArray) -> FloatArray:
    """p_c = e^(z_c) / Σ e^(z_k) over the last axis, shifted by max z so that nothing overflows (correction 3)."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)  # [SOFTMAX]


ELEMENT_WISE: dict[str, Activation] = {
    activation.name: activation
    for activation in (
        Activation("identity", identity, identity_prime),
        Activation("sigmoid", sigmoid, sigmoid_prime),
        Activation("tanh", tanh, tanh_prime),
        Activation("relu", relu, relu_prime),
        Activation("silu", silu, silu_prime),
        Activation("gelu", gelu, gelu_prime),
        Activation("gelu_tanh", gelu_tanh, gelu_tanh_prime),
    )
}

OUTPUT_FUNCTIONS: dict[str, Callable[[FloatArray], FloatArray]] = {
    **{name: activation.function for name, activation in ELEMENT_WISE.items()},
    "softmax": softmax,
}
