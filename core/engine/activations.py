"""The element-wise activations in place: a from z, and δ = g ⊙ σ′(z), as bound calls.

All arrays of one layer have one shape. σ′ is written with what the forward pass has computed already. What comes from
the layer above is g = Wᵀδ.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.activations import GELU_CUBIC, SATURATED, SQRT_2_OVER_PI, SQRT_2_PI
from core.arrays import FloatArray
from core.engine.calls import Call, bind, number
from core.engine.normal import distribution_calls


@dataclass(frozen=True)
class ActivationCalls:
    """`forward` takes z, which is yet to be written to `z`, to a; `backward`, after it, writes g ⊙ σ′(z) to δ.

    Where σ′ needs no z, `z` is the array of a itself.
    """

    z: FloatArray
    forward: list[Call]
    backward: list[Call]


def identity(a: FloatArray, g: FloatArray, delta: FloatArray) -> ActivationCalls:
    """σ(z) = z."""
    return ActivationCalls(a, [], [bind(np.copyto, delta, g)])


def sigmoid(a: FloatArray, g: FloatArray, delta: FloatArray) -> ActivationCalls:
    """σ′ = a(1 − a)."""
    slope = np.empty_like(a)
    backward: list[Call] = [
        bind(np.subtract, number(1, a.dtype), a, slope),
        bind(np.multiply, slope, a, slope),
        bind(np.multiply, g, slope, delta),
    ]
    return ActivationCalls(a, logistic(a, a), backward)


def logistic(z: FloatArray, a: FloatArray) -> list[Call]:
    """Write 1 / (1 + e^(−z)) to a."""
    return [
        bind(np.negative, z, a),
        bind(np.exp, a, a),
        bind(np.add, a, number(1, z.dtype), a),
        bind(np.reciprocal, a, a),
    ]


def tanh(a: FloatArray, g: FloatArray, delta: FloatArray) -> ActivationCalls:
    """σ′ = 1 − a²."""
    slope = np.empty_like(a)
    backward: list[Call] = [
        bind(np.multiply, a, a, slope),
        bind(np.subtract, number(1, a.dtype), slope, slope),
        bind(np.multiply, g, slope, delta),
    ]
    return ActivationCalls(a, [bind(np.tanh, a, a)], backward)


def relu(a: FloatArray, g: FloatArray, delta: FloatArray) -> ActivationCalls:
    """σ′ = 1 where a > 0, else 0.

    As bits: a is not negative, so that −a, taken as an integer, has its sign bit set just where a > 0; shifted down it
    is a mask of ones there. A product with an array of booleans would convert it first.
    """
    integer = np.dtype(f"i{a.itemsize}")
    mask = np.empty(a.shape, dtype=integer)
    backward: list[Call] = [
        bind(np.negative, a.view(integer), mask),
        bind(np.right_shift, mask, np.array(8 * a.itemsize - 1, dtype=integer), mask),
        bind(np.bitwise_and, g.view(integer), mask, delta.view(integer)),
    ]
    return ActivationCalls(a, [bind(np.maximum, a, np.zeros_like(a), out=a)], backward)


def silu(a: FloatArray, g: FloatArray, delta: FloatArray) -> ActivationCalls:
    """σ′ = s + a(1 − s) with s = sigmoid(z) and a = z s."""
    z, s, slope = (np.empty_like(a) for _ in range(3))
    forward: list[Call] = [*logistic(z, s), bind(np.multiply, z, s, a)]
    backward: list[Call] = [
        bind(np.subtract, number(1, z.dtype), s, slope),
        bind(np.multiply, slope, a, slope),
        bind(np.add, slope, s, slope),
        bind(np.multiply, g, slope, delta),
    ]
    return ActivationCalls(z, forward, backward)


def gelu(a: FloatArray, g: FloatArray, delta: FloatArray) -> ActivationCalls:
    """σ′ = Φ(z) + z φ(z), with φ(z) = e^(−z²/2)/√(2π)."""
    z, cumulative, bell, slope = (np.empty_like(a) for _ in range(4))
    forward: list[Call] = [*distribution_calls(z, cumulative, bell), bind(np.multiply, z, cumulative, a)]
    backward: list[Call] = [
        bind(np.multiply, z, number(1 / SQRT_2_PI, z.dtype), slope),
        bind(np.multiply, slope, bell, slope),
        bind(np.add, slope, cumulative, slope),
        bind(np.multiply, g, slope, delta),
    ]
    return ActivationCalls(z, forward, backward)


def gelu_tanh(a: FloatArray, g: FloatArray, delta: FloatArray) -> ActivationCalls:
    """σ′ = h + z h′ with h = (1 + tanh u)/2, u = √(2/π)(z + 0.044715 z³), and a = z h.

    Beyond ±30, where h has reached its limit to the last bit, u is taken at ±30, so that no cube overflows.
    """
    z, x, square, h, slope = (np.empty_like(a) for _ in range(5))
    dtype = a.dtype
    half, one = number(0.5, dtype), number(1, dtype)
    forward: list[Call] = [
        bind(np.maximum, z, np.full_like(z, -SATURATED), out=x),
        bind(np.minimum, x, np.full_like(z, SATURATED), out=x),
        bind(np.multiply, x, x, square),
        bind(np.multiply, square, number(GELU_CUBIC * SQRT_2_OVER_PI, dtype), h),
        bind(np.add, h, number(SQRT_2_OVER_PI, dtype), h),
        bind(np.multiply, h, x, h),
        bind(np.tanh, h, h),
        bind(np.add, h, one, h),
        bind(np.multiply, h, half, h),
        bind(np.multiply, z, h, a),
    ]
    backward: list[Call] = [  # h′ = 2h(1 − h) u′, u′ = √(2/π)(1 + 3 · 0.044715 z²)
        bind(np.multiply, square, number(6 * GELU_CUBIC * SQRT_2_OVER_PI, dtype), slope),
        bind(np.add, slope, number(2 * SQRT_2_OVER_PI, dtype), slope),
        bind(np.multiply, slope, x, slope),
        bind(np.multiply, slope, h, slope),
        bind(np.subtract, one, h, square),
        bind(np.multiply, slope, square, slope),
        bind(np.add, slope, h, slope),
        bind(np.multiply, g, slope, delta),
    ]
    return ActivationCalls(z, forward, backward)


ACTIVATION_CALLS: dict[str, Callable[[FloatArray, FloatArray, FloatArray], ActivationCalls]] = {
    "identity": identity,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "relu": relu,
    "silu": silu,
    "gelu": gelu,
    "gelu_tanh": gelu_tanh,
}
