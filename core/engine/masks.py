"""Dropout of the fast forms: the masks of `core.dropout` for one batch at a time, laid out as the layers are."""

import numpy as np
import numpy.typing as npt

from core.arrays import FloatArray
from core.configuration import TrainingConfig
from core.dropout import drop_inputs, dropout_masks
from core.engine.activations import ACTIVATION_CALLS, ActivationCalls
from core.engine.block import Block
from core.engine.calls import Call, bind


class Masks:
    """One mask of shape (n, m) for each hidden layer, drawn anew for each batch.

    Attributes
    ----------
    hidden : list of ndarray, or None
        None when the rate is 0.
    """

    def __init__(self, config: TrainingConfig, rows: int, dtype: npt.DTypeLike) -> None:
        self._config, self._rows, self._dtype = config, rows, dtype
        self.hidden = [np.empty((n, rows), dtype) for n in config.hidden] if config.dropout > 0 else None

    def draw(self, block: Block, j: int) -> None:
        """The masks of the block's j-th batch."""
        config = self._config
        drawn = dropout_masks(
            config.hidden,
            self._rows,
            config.dropout,
            seed=config.seed,
            epoch=block.epoch,
            batch=block.batch + j,
            dtype=self._dtype,
        )
        for mask, each in zip(self.hidden or (), drawn or (), strict=True):
            mask[...] = each.T

    def layer(self, i: int, units: slice, a: FloatArray, g: FloatArray, delta: FloatArray) -> ActivationCalls:
        """The calls of these units of hidden layer i, from z to what dropout leaves of its activation, and back."""
        activation = ACTIVATION_CALLS[self._config.activation]
        if self.hidden is None:
            return activation(a, g, delta)
        mask, whole = self.hidden[i][units], np.empty_like(a)
        calls = activation(whole, g, delta)
        forward: list[Call] = [*calls.forward, bind(np.multiply, whole, mask, a)]
        return ActivationCalls(calls.z, forward, [*calls.backward, bind(np.multiply, delta, mask, delta)])


def drop_inputs_of(config: TrainingConfig, block: Block, j: int, X: FloatArray) -> None:
    """Multiply X (m, n_in), the inputs of the block's j-th batch, by their mask."""
    X[...] = drop_inputs(X, config.input_dropout, seed=config.seed, epoch=block.epoch, batch=block.batch + j)
