"""Adam's nine passes as one, compiled by Numba where that is installed (the extra `fast`), to the same bits.

Each element goes through the operations of `core.engine.updates.AdamUpdate` in their order, each rounded for itself:
nothing is contracted or reordered, so that whether Numba is there decides the speed and nothing else.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from core.arrays import FloatArray

Kernel = Callable[[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray], object]
"""(P, G, M, V, numbers): moves P, M and V; `numbers` are ratio, K and E, an array of shape (3,)."""

LEAST_PARAMETERS = 4096
"""With fewer, a process' first training would wait for the compiler longer than it takes."""


def adam(P: Any, G: Any, M: Any, V: Any, numbers: Any) -> None:
    """One update; all arrays are alike in shape and type, of one dimension."""
    ratio, K, E = numbers[0], numbers[1], numbers[2]
    for i in range(P.size):
        g = G[i]
        m = M[i] * ratio + g
        v = V[i] + g * g
        M[i], V[i] = m, v
        P[i] -= m / (np.sqrt(v) + E) * K


@cache
def adam_kernel() -> Kernel | None:
    """The update compiled, without the interpreter's lock; None where Numba is not installed."""
    try:
        from numba import njit
    except ImportError:
        return None
    # numpy's rule for a division by 0: an infinity, and no exception that would keep the loop from being vectorised
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        kernel: Kernel = njit(cache=True, **options)(adam)
    except RuntimeError:  # no folder is writable
        kernel = njit(**options)(adam)
    return kernel
