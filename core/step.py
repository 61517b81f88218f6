"""One step of training in its clear form: forward, backward, penalties, update."""

import math

import numpy as np

from core.arrays import Float64Array, IndexArray
from core.backprop import backward
from core.batches import batch_count, batch_rows
from core.clipping import clip_by_norm
from core.dropout import drop_inputs, dropout_masks
from core.engine.block import Block, EngineInput, Outcome
from core.example_weights import mean_loss, shares
from core.max_norm import limit_norms
from core.optimizers import optimizer_of
from core.penalty import penalise
from core.scores import tally
from core.weight_decay import decay_weights


class ClearEngine:
    """Trains batch by batch with the functions that carry the equations' tags."""

    name = "clear"
    batches_per_block = 1

    def __init__(self, given: EngineInput) -> None:
        self._given = given
        self._optimizer = optimizer_of(given.config.optimizer)
        self._gradient = np.empty_like(given.network.parameters)

    def train(self, block: Block) -> Outcome:
        """Do the block's batches, one after the other."""
        size = self._given.config.batch_size
        batches = [
            self._step(block, j, batch_rows(block.rows, size, j)) for j in range(batch_count(len(block.rows), size))
        ]
        losses, norms, weights, scores = zip(*batches, strict=True)
        return Outcome(np.array(losses), np.array(norms), np.array(weights), np.sum(scores, axis=0))

    def _step(self, block: Block, j: int, rows: IndexArray) -> tuple[float, float, float, Float64Array]:
        """One batch: its loss, the gradient's norm, its weight and its tally."""
        config, network, loss_of = self._given.config, self._given.network, self._given.loss
        place = {"seed": config.seed, "epoch": block.epoch, "batch": block.batch + j}
        X, Y = self._given.X[rows], self._given.Y[rows]
        weights = None if self._given.weights is None else self._given.weights[rows]
        counts = None if weights is None else shares(weights)
        X = drop_inputs(X, config.input_dropout, **place)
        masks = dropout_masks(config.hidden, len(rows), config.dropout, dtype=network.dtype, **place)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # who asked judges the outcome
            passed = network.forward(X, masks)
            loss = mean_loss(loss_of.value(passed.z[-1], passed.a[-1], Y), counts)
            backward(network, loss_of, passed, Y, self._gradient, counts)
            loss += penalise(network, config.l1, config.l2, self._gradient)
            norm = math.sqrt(float(np.dot(self._gradient, self._gradient)))  # not finite if any part is not
            if config.max_gradient_norm is not None:
                clip_by_norm(self._gradient, norm, config.max_gradient_norm)
            if config.optimizer.weight_decay > 0:
                decay_weights(network, block.learning_rate, config.optimizer.weight_decay)
            self._optimizer.learning_rate = block.learning_rate
            self._optimizer.update(network.parameters, self._gradient, self._given.vectors, block.step + j + 1)
            if config.max_norm is not None:
                limit_norms(network, config.max_norm)
            added = tally(config.task, passed.a[-1], Y)
        weight = len(rows) if weights is None else float(weights.sum(dtype=np.float64))
        return loss, norm, weight, added
