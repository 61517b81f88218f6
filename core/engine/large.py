"""The fast form for large networks: threads that share each layer's units.

At these sizes the time goes into matrix products and into the optimizer's memory traffic. Each thread takes a range of
a layer's units, forward and backward, and updates the weights of its units, so that no gradient is ever summed over
threads: they meet where one needs the others' activations or deltas. The gradient is made and used up in pieces that
stay in the cache. Every thread computes the output layer, which is small, by itself.
"""

import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.arrays import FloatArray, IndexArray
from core.engine.activations import ActivationCalls
from core.engine.block import Block, EngineInput, Outcome
from core.engine.calls import Call, bind, number, run
from core.engine.gate import Gate, GateBroken
from core.engine.masks import Masks, drop_inputs_of
from core.engine.output import OutputBlock
from core.engine.penalties import Penalties, max_norm_calls, penalties_of
from core.engine.updates import update_of
from core.network import parameter_count
from core.optimizers import Vectors

GRADIENT_ELEMENTS = 131_072
"""Elements of a gradient that one product makes."""

UPDATE_ELEMENTS = 131_072
"""Elements that one pass of the optimizer takes: calls are few and long, since between them threads wait for Python."""


class LargeProgram:
    """The calls of up to `batches` batches of one size, for each thread; the threads live while a block is trained.

    BLAS must have one thread.

    Parameters
    ----------
    given : EngineInput
        X is read a batch at a time, so that it may be mapped from a file.
    rows_per_batch : int
        m: activations and deltas are (n, m), inputs (m, n_in).
    batches : int
        Of a block at most.
    threads : int
        The one that calls `train` among them.
    """

    def __init__(self, given: EngineInput, rows_per_batch: int, batches: int, threads: int) -> None:
        self.given, self.m, self.threads = given, rows_per_batch, threads
        sizes, dtype, m = given.network.layer_sizes, given.network.dtype, rows_per_batch
        self.gate = Gate(threads)
        self.rows = np.zeros((batches, m), dtype=np.int64)
        self.update = update_of(given.config.optimizer, batches, given.network.parameters)
        self.factors, self.scales = np.empty(batches, dtype), np.empty(batches, dtype)
        self.keep = number(1.0, dtype)  # what weight decay leaves of a weight
        self.X = [np.empty((m, sizes[0]), dtype) for _ in range(2)]  # of this batch, and of the next
        l1, l2 = (number(each, dtype) if each > 0 else None for each in (given.config.l1, given.config.l2))
        self.penalties = Penalties(l1, l2)
        self.masks = Masks(given.config, m, dtype)
        self.a, self.delta = ([np.empty((n, m), dtype) for n in given.config.hidden] for _ in range(2))
        self._parts = [_Part(self, thread, batches) for thread in range(threads)]

    def train(self, block: Block, rows: IndexArray, first: int) -> Outcome:
        """Do the batches of these rows, the first of which is the block's `first`-th, from 0."""
        given, config, batches = self.given, self.given.config, len(rows) // self.m
        self.rows[:batches] = rows.reshape(batches, self.m)
        self.update.begin(block.learning_rate, block.step + first, batches)
        self.scales[:] = self.update.scales
        self.factors[:] = self.update.scales / (self.m if given.weights is None else 1)
        self.keep[...] = 1 - block.learning_rate * config.optimizer.weight_decay
        self._run(block, rows, first)
        squares = sum(part.squares[:batches].sum(axis=1, dtype=np.float64) for part in self._parts)
        penalties = sum(penalties_of(part.sums[:batches]) for part in self._parts)
        losses, score = self._parts[0].output.losses_and_score(batches)
        weights = self._parts[0].output.weights[:batches].copy()
        return Outcome(losses + penalties, np.sqrt(squares) / self.update.scales[:batches], weights, score)

    def _run(self, block: Block, rows: IndexArray, first: int) -> None:
        """Have every part do its share, this thread the first one's."""
        failures: list[BaseException] = []

        def work(part: _Part) -> None:
            try:
                part.run(block, rows, first)
            except GateBroken:
                pass
            except BaseException as error:  # noqa: BLE001 (raised again below, by the thread that asked)
                failures.append(error)
                self.gate.break_up()

        others = [threading.Thread(target=work, args=(part,), daemon=True) for part in self._parts[1:]]
        for thread in others:
            thread.start()
        work(self._parts[0])
        for thread in others:
            thread.join()
        if failures:
            raise failures[0]


TURNING_ROOM = 16
"""Elements between the rows of an array that is to be turned: rows a power of two apart get into each other's way."""


@dataclass(frozen=True)
class _Piece:
    """Consecutive units of a layer that one product makes the gradients of; with the layer's biases, in the last."""

    units: slice
    flat: slice
    biases: int


class _Part:
    """One thread's share of each batch."""

    def __init__(self, program: LargeProgram, thread: int, batches: int) -> None:
        self._program, self._thread = program, thread
        network, m = program.given.network, program.m
        self._sizes, self._dtype = network.layer_sizes, network.dtype
        self.output = OutputBlock(program.given, m, batches)
        self._delta = np.empty((self._sizes[-1], m), self._dtype)  # δ^L; every thread has its own
        self._ones = np.ones(m, self._dtype)
        self._pieces = [list(self._pieces_of(i)) for i in range(len(self._sizes) - 1)]
        flats = [piece.flat for pieces in self._pieces for piece in pieces]
        longest = max((flat.stop - flat.start for flat in flats), default=0)
        self._G, self._work = np.empty(longest, self._dtype), np.empty(longest, self._dtype)
        self.squares = np.zeros((batches, len(flats)), self._dtype)
        self.sums = np.zeros((batches, len(flats), 2), self._dtype)  # of the penalties
        self._is_last = thread == program.threads - 1
        own = [len(range(n)[self._mine(n)]) for n in self._sizes[1:-1]]
        self._turned = [np.empty((m, n + TURNING_ROOM), self._dtype)[:, :n] for n in own]  # (Wᵀ δ)ᵀ of each layer
        self._layers = [self._layer(i) for i in range(len(program.a))]
        self._gathers = [self._gather(j) for j in range(batches)]
        self._calls = [self._step(j, batches) for j in range(batches)]
        self._closing = [call for flat in flats for call in program.update.closing_calls(self._vectors(flat))]

    def run(self, block: Block, rows: IndexArray, first: int) -> None:
        """Do the share of the batches of these rows, the first of which is the block's `first`-th."""
        batches = len(rows) // self._program.m
        self.output.take(rows)
        with np.errstate(all="ignore"):  # who asked judges the outcome; a thread's errstate is its own
            for j in range(batches):
                run(self._gathers[j])
                self._draw(block, first + j, self._program.X[j % 2])
                self._program.gate.wait(self._thread)
                run(self._calls[j])
            if batches < len(self._calls):  # the last of all closes by itself
                run(self._closing)

    def _mine(self, n: int) -> slice:
        """This thread's part of n things."""
        threads = self._program.threads
        return slice(n * self._thread // threads, n * (self._thread + 1) // threads)

    def _pieces_of(self, i: int) -> Iterator[_Piece]:
        n_in, n_out = self._sizes[i], self._sizes[i + 1]
        start = parameter_count(self._sizes[: i + 1])
        mine, step = self._mine(n_out), max(1, GRADIENT_ELEMENTS // n_in)
        for first in range(mine.start, mine.stop, step):
            end = min(mine.stop, first + step)
            biases = n_out if end == n_out else 0
            yield _Piece(slice(first, end), slice(start + first * n_in, start + end * n_in + biases), biases)

    def _vectors(self, flat: slice) -> Vectors:
        return {name: vector[flat] for name, vector in self._program.given.vectors.items()}

    def _layer(self, i: int) -> ActivationCalls:
        """From z of this thread's units of a hidden layer to their activation, and back."""
        program, mine = self._program, self._mine(self._sizes[i + 1])
        return program.masks.layer(i, mine, program.a[i][mine], self._turned[i].T, program.delta[i][mine])

    def _gather(self, j: int) -> list[Call]:
        """Fetch this thread's share of the j-th batch's rows; all of them is the last thread's, if it drops inputs."""
        program = self._program
        mine = self._mine(program.m)
        if program.given.config.input_dropout > 0:
            mine = slice(0, program.m if self._is_last else 0)
        rows, out = program.rows[j, mine], program.X[j % 2][mine]
        return [bind(program.given.X.take, rows, 0, out, "clip")]  # clip: the one mode without a copy

    def _draw(self, block: Block, j: int, X: FloatArray) -> None:
        """Dropout of the block's j-th batch is the last thread's task."""
        config, masks = self._program.given.config, self._program.masks
        if self._is_last and config.input_dropout > 0:
            drop_inputs_of(config, block, j, X)
        if self._is_last and masks.hidden is not None:
            masks.draw(block, j)

    def _step(self, j: int, batches: int) -> list[Call]:
        """The j-th batch: forward, backward, update."""
        program, delta = self._program, self._program.delta
        W, b = program.given.network.weights, program.given.network.biases
        meet = bind(program.gate.wait, self._thread)
        a = [program.X[j % 2].T, *program.a]
        calls: list[Call] = []
        for i, layer in enumerate(self._layers):
            mine = self._mine(len(W[i]))
            calls += [bind(np.dot, W[i][mine], a[i], layer.z), bind(np.add, layer.z, b[i][mine, None], layer.z)]
            calls += [*layer.forward, meet]
        z = self.output.z[j]
        calls += [bind(np.dot, W[-1], a[-1], z), bind(np.add, z, b[-1][:, None], z)]
        calls += self.output.calls(j, program.factors[j, ...], self._delta)
        behind = self._delta
        for i in reversed(range(len(self._layers))):
            mine = self._mine(len(W[i]))
            # Wᵀ δ by way of δᵀ W: a product that takes W by its columns is up to four times as slow.
            calls += [bind(np.matmul, behind.T, W[i + 1][:, mine], self._turned[i]), *self._layers[i].backward, meet]
            behind = delta[i]
        if not self._layers:
            calls.append(meet)  # nobody may still read the weights that are updated now
        place = itertools.count()
        for i, pieces in enumerate(self._pieces):
            whole = delta[i] if i < len(delta) else self._delta
            for piece in pieces:
                calls += self._gradient(piece, whole, a[i].T)
                calls += self._move(piece, j, next(place), closes=j == batches - 1)
        return calls

    def _gradient(self, piece: _Piece, delta: FloatArray, below: FloatArray) -> list[Call]:
        """Of the piece, from its layer's δ (n_out, m) and the activations below (m, n_in), into the buffer."""
        own, n_in = delta[piece.units], below.shape[1]
        size = len(own) * n_in
        calls: list[Call] = [bind(np.dot, own, below, self._G[:size].reshape(len(own), n_in))]
        if piece.biases:
            calls.append(bind(np.dot, delta, self._ones, self._G[size : size + len(delta)]))
        return calls

    def _move(self, piece: _Piece, j: int, place: int, *, closes: bool) -> list[Call]:
        """Penalties, norm, weight decay, update and max-norm of the piece."""
        program, config, flat = self._program, self._program.given.config, piece.flat
        P, G, vectors = program.given.network.parameters[flat], self._G[: flat.stop - flat.start], self._vectors(flat)
        n_weights = len(G) - piece.biases
        W, work = P[:n_weights], self._work[:n_weights]
        calls = program.penalties.calls(W, G[:n_weights], program.scales[j, ...], self.sums[j, place], work)
        calls.append(bind(np.dot, G, G, self.squares[j, place, ...]))
        if config.optimizer.weight_decay > 0:
            calls.append(bind(np.multiply, W, program.keep, W))
        for start in range(0, len(G), UPDATE_ELEMENTS):
            part = slice(start, start + UPDATE_ELEMENTS)
            some = {name: vector[part] for name, vector in vectors.items()}
            calls += program.update.calls(j, P[part], G[part], some, self._work[: len(P[part])])
            if closes:
                calls += program.update.closing_calls(some)
        if config.max_norm is not None:
            calls += max_norm_calls(W.reshape(piece.units.stop - piece.units.start, -1), config.max_norm)
        return calls
