"""The forward pass alone, as serving runs it: `MLP.predict` without what training needs of it.

The same operations in the same order, hence the same bits (a test compares them for every activation); what is left
out is the record of each layer's z and a. Symbols as in `core.network`.
"""

from collections.abc import Callable

import numpy as np

from core.activations import ELEMENT_WISE, OUTPUT_FUNCTIONS
from core.arrays import FloatArray
from core.network import BLOCK_ROWS, MLP


class Inference:
    """A network that only answers.

    Parameters
    ----------
    network : MLP
        Its parameters must not change afterwards; they are not copied.
    """

    def __init__(self, network: MLP) -> None:
        self._network = network
        *self._hidden, self._last = [(W.T, b) for W, b in zip(network.weights, network.biases, strict=True)]
        self._sigma = ELEMENT_WISE[network.hidden_activation].function
        self._output: Callable[[FloatArray], FloatArray] = OUTPUT_FUNCTIONS[network.output_activation]
        if network.output_activation == "softmax":
            self._output = _softmax

    def __call__(self, X: FloatArray) -> FloatArray:
        """a^L of shape (m, n_out) for X (m, n_in) of the network's dtype; not finite where it overflows."""
        if len(X) > BLOCK_ROWS:
            return self._network.predict(X)
        with np.errstate(over="ignore", invalid="ignore"):
            a = X
            for W_transposed, b in self._hidden:
                z = np.matmul(a, W_transposed)
                z += b
                a = self._sigma(z)
            W_transposed, b = self._last
            z = np.matmul(a, W_transposed)
            z += b
            return self._output(z)


def _softmax(z: FloatArray) -> FloatArray:
    """`core.activations.softmax` by the reductions that `max` and `sum` come to, without their way there."""
    e = np.exp(z - np.maximum.reduce(z, axis=-1, keepdims=True))
    total: FloatArray = np.add.reduce(e, axis=-1, keepdims=True)
    e /= total
    return e
