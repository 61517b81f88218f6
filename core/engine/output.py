"""The output layer in place: the network's outputs, δ^L of a batch, and afterwards the losses of a whole block.

Arrays are (K, m) for a batch, (batches, K, m) for a block. δ^L is that of `core.backprop.output_delta` times a
factor that each batch is given: the mean over the batch, and the scale in which the optimizer takes its gradient.
"""

from collections.abc import Callable

import numpy as np

from core.arrays import Float64Array, FloatArray, IndexArray
from core.engine.activations import logistic
from core.engine.block import EngineInput
from core.engine.calls import Call, bind, number
from core.scores import tally


class OutputBlock:
    """What a block's batches leave for its losses: columns are a batch's examples.

    Attributes
    ----------
    z : ndarray of shape (batches, K, m)
        The weighted input; after softmax with cross-entropy, less each example's greatest.
    a : ndarray of shape (batches, K, m)
        The outputs.
    y : ndarray of shape (batches, K, m)
        The targets.
    sums : ndarray of shape (batches, m)
        With softmax: each example's Σ e^z of the z that is kept.
    shares : ndarray of shape (batches, m), or None
        What each example counts for in its batch's mean (`core.example_weights.shares`).
    """

    def __init__(self, given: EngineInput, rows_per_batch: int, batches: int) -> None:
        outputs, dtype = given.network.layer_sizes[-1], given.network.dtype
        self._given, self._m = given, rows_per_batch
        self.z, self.a, self.y = (np.empty((batches, outputs, rows_per_batch), dtype) for _ in range(3))
        self.sums = np.empty((batches, rows_per_batch), dtype)
        self.shares = None if given.weights is None else np.empty((batches, rows_per_batch), dtype)
        self.ones = np.ones(outputs, dtype)
        self.weights = np.full(batches, float(rows_per_batch))
        config = given.config
        self._is_cross_entropy = given.loss.name == "cross_entropy"
        self._one_hot = config.task == "classification" and config.label_smoothing == 0

    def take(self, rows: IndexArray) -> None:
        """Fetch the targets and weights of the block's rows."""
        batches = len(rows) // self._m
        self.y[:batches] = self._given.Y.take(rows, axis=0).reshape(batches, self._m, -1).transpose(0, 2, 1)
        if self._given.weights is None or self.shares is None:
            return
        weights = self._given.weights.take(rows).reshape(-1, self._m)
        totals = weights.sum(axis=1, dtype=np.float64)
        self.weights[:batches] = totals
        self.shares[:batches] = weights / np.where(totals > 0, totals, 1.0)[:, None].astype(weights.dtype)

    def calls(self, j: int, factor: FloatArray, delta: FloatArray) -> list[Call]:
        """From z of the j-th batch, already there, to its outputs and to `delta` (K, m).

        `factor`, of shape (), multiplies δ^L of every example, after the example's share where there are weights.
        """
        z, a, y = self.z[j], self.a[j], self.y[j]
        calls = DELTA_CALLS[self._given.network.output_activation, self._given.loss.name](self, j, z, a, y, delta)
        if self.shares is not None:
            calls.append(bind(np.multiply, delta, self.shares[j], delta))
        return [*calls, bind(np.multiply, delta, factor, delta)]

    @property
    def huber_delta(self) -> float:
        """Where the Huber loss turns linear."""
        assert self._given.config.huber_delta is not None
        return self._given.config.huber_delta

    @property
    def sums_to_one(self) -> bool:
        """Whether each example's targets do, but for rounding; a distribution's may be off by 1e-4."""
        return self._given.config.task != "distribution"

    def losses_and_score(self, batches: int) -> tuple[Float64Array, Float64Array]:
        """Each batch's mean loss, of shape (batches,), and the tally of them all."""
        z, a, y = self.z[:batches], self.a[:batches], self.y[:batches]
        if self._is_cross_entropy:
            hit = np.einsum("bkm,bkm->bm", z, y)
            logs = np.log(self.sums[:batches])
            losses = (logs if self.sums_to_one else logs * y.sum(axis=1)) - hit
        else:
            losses = self._given.loss.value(_by_row(z), _by_row(a), _by_row(y)).reshape(batches, self._m)
        if self.shares is None:
            means = losses.mean(axis=1, dtype=np.float64)
        else:
            means = (losses * self.shares[:batches]).sum(axis=1, dtype=np.float64)
        if self._is_cross_entropy and self._one_hot and np.count_nonzero(z == 0) == hit.size:
            # z is less the greatest, which no two outputs share: the target's is 0 where the target has it. An argmax
            # by columns is slow.
            return means, np.array([np.count_nonzero(hit == 0)], dtype=np.float64)
        return means, tally(self._given.config.task, _by_row(z if self._is_cross_entropy else a), _by_row(y))


def _by_row(block: FloatArray) -> FloatArray:
    """(batches, K, m) as (n, K): a row is an example."""
    return block.transpose(0, 2, 1).reshape(-1, block.shape[1])


DeltaCalls = Callable[[OutputBlock, int, FloatArray, FloatArray, FloatArray, FloatArray], list[Call]]


def _softmax(block: OutputBlock, j: int, z: FloatArray, a: FloatArray) -> list[Call]:
    greatest = np.empty(z.shape[1], z.dtype)
    sums = block.sums[j]
    return [
        bind(np.maximum.reduce, z, 0, None, greatest),
        bind(np.subtract, z, greatest, z),
        bind(np.exp, z, a),
        bind(np.dot, block.ones, a, sums),
        bind(np.divide, a, sums, a),
    ]


def _softmax_cross_entropy(
    block: OutputBlock, j: int, z: FloatArray, a: FloatArray, y: FloatArray, delta: FloatArray
) -> list[Call]:
    if block.sums_to_one:
        return [*_softmax(block, j, z, a), bind(np.subtract, a, y, delta)]
    total = np.empty(z.shape[1], z.dtype)
    return [
        *_softmax(block, j, z, a),
        bind(np.dot, block.ones, y, total),
        bind(np.multiply, a, total, delta),
        bind(np.subtract, delta, y, delta),
    ]


def _softmax_mse(
    block: OutputBlock, j: int, z: FloatArray, a: FloatArray, y: FloatArray, delta: FloatArray
) -> list[Call]:
    """δ = p ⊙ (g − Σ g p), g = 2(p − y)/K."""
    inner, product = np.empty(z.shape[1], z.dtype), np.empty_like(delta)
    return [
        *_softmax(block, j, z, a),
        bind(np.subtract, a, y, delta),
        bind(np.multiply, delta, a, product),
        bind(np.dot, block.ones, product, inner),
        bind(np.subtract, delta, inner, delta),
        bind(np.multiply, delta, a, delta),
        bind(np.multiply, delta, number(2 / len(z), z.dtype), delta),
    ]


def _sigmoid_binary_cross_entropy(
    _block: OutputBlock, _j: int, z: FloatArray, a: FloatArray, y: FloatArray, delta: FloatArray
) -> list[Call]:
    return [*logistic(z, a), bind(np.subtract, a, y, delta)]


def _sigmoid_mse(
    _block: OutputBlock, _j: int, z: FloatArray, a: FloatArray, y: FloatArray, delta: FloatArray
) -> list[Call]:
    slope = np.empty_like(delta)
    return [
        *logistic(z, a),
        bind(np.subtract, number(1, z.dtype), a, slope),
        bind(np.multiply, slope, a, slope),
        bind(np.subtract, a, y, delta),
        bind(np.multiply, delta, slope, delta),
        bind(np.multiply, delta, number(2 / len(z), z.dtype), delta),
    ]


def _identity_mse(
    _block: OutputBlock, _j: int, z: FloatArray, a: FloatArray, y: FloatArray, delta: FloatArray
) -> list[Call]:
    gain = number(2 / len(z), z.dtype)
    return [bind(np.copyto, a, z), bind(np.subtract, z, y, delta), bind(np.multiply, delta, gain, delta)]


def _identity_mae(
    _block: OutputBlock, _j: int, z: FloatArray, a: FloatArray, y: FloatArray, delta: FloatArray
) -> list[Call]:
    gain = number(1 / len(z), z.dtype)
    return [
        bind(np.copyto, a, z),
        bind(np.subtract, z, y, delta),
        bind(np.sign, delta, delta),
        bind(np.multiply, delta, gain, delta),
    ]


def _identity_huber(
    block: OutputBlock, _j: int, z: FloatArray, a: FloatArray, y: FloatArray, delta: FloatArray
) -> list[Call]:
    gain, limit = number(1 / len(z), z.dtype), np.full_like(delta, block.huber_delta)
    return [
        bind(np.copyto, a, z),
        bind(np.subtract, z, y, delta),
        bind(np.minimum, delta, limit, out=delta),
        bind(np.maximum, delta, -limit, out=delta),
        bind(np.multiply, delta, gain, delta),
    ]


DELTA_CALLS: dict[tuple[str, str], DeltaCalls] = {
    ("softmax", "cross_entropy"): _softmax_cross_entropy,
    ("softmax", "mse"): _softmax_mse,
    ("sigmoid", "binary_cross_entropy"): _sigmoid_binary_cross_entropy,
    ("sigmoid", "mse"): _sigmoid_mse,
    ("identity", "mse"): _identity_mse,
    ("identity", "mae"): _identity_mae,
    ("identity", "huber"): _identity_huber,
}
"""By output activation and loss."""
