"""The standard normal's distribution function Φ in place, as bound calls, for the exact GELU.

In float32 by the rational approximation of Abramowitz and Stegun (1964, formula 7.1.26), whose error in erf is at most
1.5 · 10⁻⁷, so that Φ is within 4 · 10⁻⁷ with all rounding; in float64 by SciPy's erf.
"""

import numpy as np
from scipy.special import erf

from core.activations import SQRT_2
from core.arrays import FloatArray
from core.engine.calls import Call, bind, number

P = 0.3275911
A = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)


def distribution_calls(z: FloatArray, cumulative: FloatArray, bell: FloatArray) -> list[Call]:
    """Write Φ(z) to `cumulative`, and e^(−z²/2) to `bell`; z may be of any size."""
    half, one = number(0.5, z.dtype), number(1, z.dtype)
    bell_calls: list[Call] = [
        bind(np.multiply, z, z, bell),
        bind(np.multiply, bell, number(-0.5, z.dtype), bell),
        bind(np.exp, bell, bell),
    ]
    if z.dtype != np.float32:
        return [
            *bell_calls,
            bind(np.multiply, z, number(1 / SQRT_2, z.dtype), cumulative),
            bind(erf, cumulative, cumulative),
            bind(np.add, cumulative, one, cumulative),
            bind(np.multiply, cumulative, half, cumulative),
        ]
    t, sign = np.empty_like(z), np.empty_like(z)
    # With t = 1/(1 + p|x|), x = z/√2: erf|x| = 1 − (a₁t + … + a₅t⁵) e^(−x²), and Φ = (1 + sign(z) erf|x|)/2.
    polynomial: list[Call] = [bind(np.multiply, t, number(A[4], z.dtype), cumulative)]
    for a in reversed(A[:4]):
        polynomial += [bind(np.add, cumulative, number(a, z.dtype), cumulative)]
        polynomial += [bind(np.multiply, cumulative, t, cumulative)]
    return [
        *bell_calls,
        bind(np.abs, z, t),
        bind(np.multiply, t, number(P / SQRT_2, z.dtype), t),
        bind(np.add, t, one, t),
        bind(np.reciprocal, t, t),
        *polynomial,
        bind(np.multiply, cumulative, bell, cumulative),
        bind(np.subtract, one, cumulative, cumulative),
        bind(np.copysign, half, z, sign),
        bind(np.multiply, cumulative, sign, cumulative),
        bind(np.add, cumulative, half, cumulative),
    ]
