"""The optimizers in place, on a gradient that comes already scaled, so that an update reads the memory less often.

Symbols: ε the learning rate, g the gradient of the mean loss, β₁, β₂, μ, e = 1e-8 as in `core.optimizers`, t an
update's number from 1. A block begins after t₀ updates; its j-th update, from 0, is t = t₀ + j + 1. The gradient that
comes is G = s_j g, by a scale s_j that costs nothing: it multiplies δ^L, which is small.

Adam, with s_j = β₂^(−(j+1)/2): M = s m/(1 − β₁) and V = s² v/(1 − β₂) stand for the moments within a block. Then
M ← β₁β₂^(−1/2) M + G and V ← V + G² in place of m ← β₁m + (1 − β₁)g and v ← β₂v + (1 − β₂)g², and the step
ε m̂/(√v̂ + e) is K M/(√V + E), with q² = (1 − β₂)/(1 − β₂^t), K = ε (1 − β₁)/((1 − β₁^t) q), E = e s/q: nine passes
over the parameters in place of thirteen. Between blocks m and v are as `core.optimizers` has them.

SGD, with s = 1: G is multiplied by ε first. As a scale ε would save that pass, but a schedule may take it down to 0,
and the gradient's norm is read from G.
"""

import math
from typing import Protocol

import numpy as np
import numpy.typing as npt

from core.arrays import Float64Array, FloatArray
from core.engine.adam_kernel import LEAST_PARAMETERS, Kernel, adam_kernel
from core.engine.calls import Call, bind, number
from core.optimizer_config import OptimizerConfig
from core.optimizers import Vectors

GREATEST_SCALE = 1e4
"""Adam's scale may grow so far within a block: G² must stay far from float32's largest."""


class Update(Protocol):
    """The updates of a block of at most `batches` batches.

    Attributes
    ----------
    scales : ndarray of shape (batches,), float64
        s_j, which δ^L has to carry.
    """

    scales: Float64Array

    def begin(self, learning_rate: float, step: int, batches: int, /) -> None:
        """Set the numbers of a block of so many batches; `step` updates were done before."""

    def calls(self, j: int, P: FloatArray, G: FloatArray, vectors: Vectors, work: FloatArray, /) -> list[Call]:
        """The j-th update of these parameters, all arrays alike in shape; G and `work` are overwritten.

        The 0-th takes the vectors as `core.optimizers` has them; the others, as the one before left them.
        """

    def closing_calls(self, vectors: Vectors, /) -> list[Call]:
        """Bring the vectors back to what `core.optimizers` has, after the block's last update."""


class AdamUpdate:
    """Adam's, by a kernel where there is one.

    Parameters
    ----------
    kernel : Kernel or None
        See `core.engine.adam_kernel`.
    """

    def __init__(
        self, config: OptimizerConfig, batches: int, dtype: npt.DTypeLike, kernel: Kernel | None = None
    ) -> None:
        self._config, self._kernel = config, kernel
        ratio = config.beta_1 / math.sqrt(config.beta_2)
        self._ratio, self._first_ratio = number(ratio, dtype), number(ratio / (1 - config.beta_1), dtype)
        self._to_V = number(1 / (1 - config.beta_2), dtype)
        self._numbers = np.empty((batches, 3), dtype)  # ratio, K, E: views of them below
        self._K, self._E = self._numbers[:, 1], self._numbers[:, 2]
        self._numbers[:, 0] = ratio
        self._numbers[0, 0] = self._first_ratio
        self._to_m, self._to_v = np.empty((), dtype), np.empty((), dtype)
        self.scales = config.beta_2 ** (-np.arange(1, batches + 1) / 2)

    def begin(self, learning_rate: float, step: int, batches: int) -> None:
        """K and E of the block's updates, and the ways back from M and V."""
        config, t = self._config, step + np.arange(1, len(self.scales) + 1)
        q = np.sqrt((1 - config.beta_2) / (1 - config.beta_2**t))
        self._K[:] = learning_rate * (1 - config.beta_1) / ((1 - config.beta_1**t) * q)
        self._E[:] = config.epsilon * self.scales / q
        last = self.scales[batches - 1]
        self._to_m[...], self._to_v[...] = (1 - config.beta_1) / last, (1 - config.beta_2) / last**2

    def calls(self, j: int, P: FloatArray, G: FloatArray, vectors: Vectors, work: FloatArray) -> list[Call]:
        """One step of Adam."""
        M, V = vectors["m"], vectors["v"]
        opening: list[Call] = [bind(np.multiply, V, self._to_V, V)] if j == 0 else []
        if self._kernel is not None:
            return [*opening, bind(self._kernel, P, G, M, V, self._numbers[j])]
        return [
            *opening,
            bind(np.multiply, M, self._first_ratio if j == 0 else self._ratio, M),
            bind(np.add, M, G, M),
            bind(np.multiply, G, G, work),
            bind(np.add, V, work, V),
            bind(np.sqrt, V, work),
            bind(np.add, work, self._E[j, ...], work),
            bind(np.divide, M, work, work),
            bind(np.multiply, work, self._K[j, ...], work),
            bind(np.subtract, P, work, P),
        ]

    def closing_calls(self, vectors: Vectors) -> list[Call]:
        """m and v from M and V."""
        m, v = vectors["m"], vectors["v"]
        return [bind(np.multiply, m, self._to_m, m), bind(np.multiply, v, self._to_v, v)]


class SGDUpdate:
    """Stochastic gradient descent's."""

    def __init__(self, config: OptimizerConfig, batches: int, dtype: npt.DTypeLike) -> None:
        self._nesterov, self._momentum = config.nesterov, number(config.momentum, dtype)
        self._rate = np.empty((), dtype)
        self.scales = np.ones(batches)

    def begin(self, learning_rate: float, _step: int, _batches: int) -> None:
        """Set the learning rate."""
        self._rate[...] = learning_rate

    def calls(self, _j: int, P: FloatArray, G: FloatArray, vectors: Vectors, work: FloatArray) -> list[Call]:
        """One step of descent."""
        step: Call = bind(np.multiply, G, self._rate, G)
        if not vectors:
            return [step, bind(np.subtract, P, G, P)]
        v = vectors["velocity"]
        moved: list[Call] = [step, bind(np.multiply, v, self._momentum, v), bind(np.subtract, v, G, v)]
        if not self._nesterov:
            return [*moved, bind(np.add, P, v, P)]
        return [
            *moved,
            bind(np.multiply, v, self._momentum, work),
            bind(np.subtract, work, G, work),
            bind(np.add, P, work, P),
        ]

    def closing_calls(self, _vectors: Vectors) -> list[Call]:
        """None: the velocity is what it is."""
        return []


def update_of(config: OptimizerConfig, batches: int, parameters: FloatArray) -> Update:
    """The update of a network's parameters that a configuration names; weight decay stands beside it."""
    if config.name == "sgd":
        return SGDUpdate(config, batches, parameters.dtype)
    kernel = adam_kernel() if parameters.size >= LEAST_PARAMETERS else None
    return AdamUpdate(config, batches, parameters.dtype, kernel)


def most_batches(config: OptimizerConfig) -> int:
    """How many batches a block may have before Adam's scale grows too far; 0 when it has no finite scale."""
    if config.name == "sgd":
        return 1_000_000
    if config.beta_2 <= 0:
        return 0
    return int(2 * math.log(GREATEST_SCALE) / -math.log(config.beta_2))
