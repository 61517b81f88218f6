"""The fast form for small networks: one thread, a whole step as some two dozen bound calls.

At these sizes the time goes into Python's way to each call, so that there are as few as can be: biases are columns of
the weights (`core.engine.augmented`), and what need not be done for each batch is done once for a block of them: the
rows are gathered, and the losses taken.
"""

import numpy as np

from core.arrays import FloatArray, IndexArray
from core.engine.activations import ActivationCalls
from core.engine.augmented import augment, augmented_views, flatten, on_weights
from core.engine.block import Block, EngineInput, Outcome
from core.engine.calls import Call, bind, run
from core.engine.masks import Masks, drop_inputs_of
from core.engine.output import OutputBlock
from core.engine.penalties import Penalties, clip_calls, max_norm_calls, penalties_of
from core.engine.updates import update_of

ELEMENTS_WITH_ONES = 2_097_152
"""Up to so many elements, 8 MiB as float32, the training rows are copied once with the column of ones."""


class SmallProgram:
    """The calls of up to `batches` batches of one size, and their buffers.

    Parameters
    ----------
    given : EngineInput
    rows_per_batch : int
        m: activations are (n + 1, m) with a row of ones, deltas (n, m), a batch's inputs (m, n_in + 1).
    batches : int
        Of a block at most.
    """

    def __init__(self, given: EngineInput, rows_per_batch: int, batches: int) -> None:
        self._given, self._m = given, rows_per_batch
        config, sizes, parameters = given.config, given.network.layer_sizes, given.network.parameters
        dtype, m = parameters.dtype, rows_per_batch
        self._P, self._G, self._work = (np.empty_like(parameters) for _ in range(3))
        self._vectors = {name: np.empty_like(parameters) for name in given.vectors}
        self._update = update_of(config.optimizer, batches, parameters)
        self._factors = np.empty(batches, dtype)  # of δ^L: the optimizer's scale, and 1/m where no shares are
        self._scales = np.empty(batches, dtype)  # the optimizer's alone
        self._squares, self._sums = np.empty(batches, dtype), np.zeros((batches, 2), dtype)
        self._longest = np.empty(batches, dtype)  # the gradient may be, in the scale that it comes in
        self._keep = np.ones_like(parameters)  # what weight decay leaves of each parameter
        l1, l2 = (on_weights(each, parameters, sizes) if each > 0 else None for each in (config.l1, config.l2))
        self._penalties = Penalties(l1, l2)
        self._X = np.ones((m * batches, sizes[0] + 1), dtype)
        self._with_ones: FloatArray | None = None
        if len(given.X) * (sizes[0] + 1) <= ELEMENTS_WITH_ONES:
            self._with_ones = np.ones((len(given.X), sizes[0] + 1), dtype)
            self._with_ones[:, :-1] = given.X
        self._output = OutputBlock(given, m, batches)
        self._masks = Masks(config, m, dtype)
        self._hidden = [np.ones((n + 1, m), dtype) for n in config.hidden]
        self._delta = [np.empty((n, m), dtype) for n in sizes[1:]]
        self._back = [np.empty((n + 1, m), dtype) for n in config.hidden]  # Wᵀ δ, for the row of ones too
        self._layers = [self._layer(i) for i in range(len(config.hidden))]
        self._calls = [self._step(j) for j in range(batches)]

    def _layer(self, i: int) -> ActivationCalls:
        return self._masks.layer(i, slice(None), self._hidden[i][:-1], self._back[i][:-1], self._delta[i])

    def _step(self, j: int) -> list[Call]:
        """The j-th batch: forward, backward, update."""
        sizes, m, delta = self._given.network.layer_sizes, self._m, self._delta
        W, gradient = augmented_views(self._P, sizes), augmented_views(self._G, sizes)
        a = [self._X[j * m : (j + 1) * m].T, *self._hidden]
        calls: list[Call] = []
        for i, layer in enumerate(self._layers):
            calls += [bind(np.dot, W[i], a[i], layer.z), *layer.forward]
        calls += [bind(np.dot, W[-1], a[-1], self._output.z[j])]
        calls += self._output.calls(j, self._factors[j, ...], delta[-1])
        for i in reversed(range(len(W))):
            calls.append(bind(np.dot, delta[i], a[i].T, gradient[i]))
            if i > 0:
                calls += [bind(np.dot, W[i].T, delta[i], self._back[i - 1]), *self._layers[i - 1].backward]
        calls += self._penalties.calls(self._P, self._G, self._scales[j, ...], self._sums[j], self._work)
        return [*calls, bind(np.dot, self._G, self._G, self._squares[j, ...]), *self._move(j)]

    def _move(self, j: int) -> list[Call]:
        """Clipping, weight decay, update and max-norm."""
        config, P, G = self._given.config, self._P, self._G
        calls: list[Call] = []
        if config.max_gradient_norm is not None:
            calls += clip_calls(G, self._squares[j, ...], self._longest[j, ...])
        if config.optimizer.weight_decay > 0:
            calls.append(bind(np.multiply, P, self._keep, P))
        calls += self._update.calls(j, P, G, self._vectors, self._work)
        if config.max_norm is not None:
            for view in augmented_views(P, self._given.network.layer_sizes):
                calls += max_norm_calls(view[:, :-1], config.max_norm)
        return calls

    def train(self, block: Block, rows: IndexArray, first: int) -> Outcome:
        """Do the batches of these rows, of which the first is the block's `first`-th."""
        batches = len(rows) // self._m
        self._begin(block, rows, first)
        with np.errstate(all="ignore"):  # who asked judges the outcome
            for j in range(batches):
                if self._masks.hidden is not None:
                    self._masks.draw(block, first + j)
                run(self._calls[j])
            losses, score = self._output.losses_and_score(batches)
        self._end()
        return Outcome(
            losses + penalties_of(self._sums[:batches]),
            np.sqrt(self._squares[:batches].astype(np.float64)) / self._update.scales[:batches],
            self._output.weights[:batches].copy(),
            score,
        )

    def _begin(self, block: Block, rows: IndexArray, first: int) -> None:
        """Fetch the parameters, the rows and the numbers of the block."""
        given, config, m = self._given, self._given.config, self._m
        sizes = given.network.layer_sizes
        augment(given.network.parameters, sizes, self._P)
        for name, vector in given.vectors.items():
            augment(vector, sizes, self._vectors[name])
        self._update.begin(block.learning_rate, block.step + first, len(rows) // m)
        self._scales[:] = self._update.scales
        self._longest[:] = self._update.scales * (config.max_gradient_norm or 0.0)
        self._factors[:] = self._update.scales / (m if given.weights is None else 1)
        if config.optimizer.weight_decay > 0:
            self._keep[:] = on_weights(1 - block.learning_rate * config.optimizer.weight_decay, self._keep, sizes, 1.0)
        n = len(rows)
        if self._with_ones is not None:
            self._with_ones.take(rows, axis=0, out=self._X[:n], mode="clip")  # clip: the one mode without a copy
        else:
            self._X[:n, :-1] = given.X.take(rows, axis=0)
        self._output.take(rows)
        if config.input_dropout > 0:
            for j in range(n // m):
                drop_inputs_of(config, block, first + j, self._X[j * m : (j + 1) * m, :-1])

    def _end(self) -> None:
        """Bring the parameters and vectors back."""
        given, sizes = self._given, self._given.network.layer_sizes
        run(self._update.closing_calls(self._vectors))
        flatten(self._P, sizes, given.network.parameters)
        for name, vector in given.vectors.items():
            flatten(self._vectors[name], sizes, vector)
