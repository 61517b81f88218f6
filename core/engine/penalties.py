"""The penalties on the weights and the limits on gradients and weights in place, as bound calls."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.arrays import Float64Array, FloatArray
from core.engine.calls import Call, bind, number


@dataclass(frozen=True)
class Penalties:
    """l1 Σ|W| and (l2/2) Σ‖W‖² on some parameters.

    Attributes
    ----------
    l1, l2 : ndarray, or None
        Of shape (), or one for each parameter, 0 for those that are free; None where it is off.
    """

    l1: FloatArray | None
    l2: FloatArray | None

    def calls(self, P: FloatArray, G: FloatArray, scale: FloatArray, sums: FloatArray, work: FloatArray) -> list[Call]:
        """Add the penalties' gradients, times `scale`, to G, and write l1 Σ|P| and l2 Σ P² to `sums` (2,)."""
        calls: list[Call] = []
        if self.l1 is not None:
            calls += [bind(np.sign, P, work), bind(np.multiply, work, self.l1, work)]
            calls += [bind(np.dot, work, P, sums[0, ...]), *_add_scaled(G, scale, work)]
        if self.l2 is not None:
            calls += [bind(np.multiply, P, self.l2, work), bind(np.dot, work, P, sums[1, ...])]
            calls += _add_scaled(G, scale, work)
        return calls


def _add_scaled(G: FloatArray, scale: FloatArray, work: FloatArray) -> list[Call]:
    return [bind(np.multiply, work, scale, work), bind(np.add, G, work, G)]


def penalties_of(sums: npt.NDArray[np.floating]) -> Float64Array:
    """What each batch's sums, of shape (batches, …, 2), add to its loss."""
    by_kind: Float64Array = sums.reshape(len(sums), -1, 2).sum(axis=1, dtype=np.float64)
    total: Float64Array = by_kind[:, 0] + by_kind[:, 1] / 2
    return total


def clip_calls(G: FloatArray, square: FloatArray, limit: FloatArray) -> list[Call]:
    """Shorten G, whose squared norm is there, to `limit` where it is longer; both of shape ()."""
    factor, one = np.empty_like(square), number(1, G.dtype)
    return [
        bind(np.sqrt, square, factor),
        bind(np.divide, limit, factor, factor),
        bind(np.minimum, factor, one, out=factor),
        bind(np.multiply, G, factor, G),
    ]


def max_norm_calls(W: FloatArray, limit: float) -> list[Call]:
    """Shorten the rows of W that are longer than the limit to it; the others are multiplied by 1."""
    norms, greatest = np.empty(len(W), W.dtype), number(limit, W.dtype)
    return [
        bind(np.einsum, "ij,ij->i", W, W, out=norms),
        bind(np.sqrt, norms, norms),
        bind(np.maximum, norms, greatest, out=norms),
        bind(np.divide, greatest, norms, norms),
        bind(np.multiply, W, norms[:, None], W),
    ]
