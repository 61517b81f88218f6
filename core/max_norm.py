"""Max-norm: no unit's incoming weights may be longer than a limit; biases are free."""

import numpy as np

from core.network import MLP


def limit_norms(network: MLP, limit: float) -> None:
    """Shorten each row w of every W, a unit's incoming weights, to ‖w‖ ≤ limit, in place.

    Srebro and Shraibman 2005; on hidden and output layers alike.
    """
    for W in network.weights:
        norms = np.sqrt(np.einsum("ij,ij->i", W, W))
        if norms.max() > limit:
            W *= (limit / np.maximum(norms, limit))[:, None]  # [MAX-NORM]
