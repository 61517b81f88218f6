"""A version's safetensors bytes as a network."""

from __future__ import annotations

import numpy as np
import safetensors.numpy

from core.network import MLP
from store.registry_tables import ModelVersionRow


def network_of(row: ModelVersionRow, weights: bytes) -> MLP:
    """The network of a version and its weights (`store.registry.load_weights`), in float32."""
    tensors = safetensors.numpy.load(weights)
    sizes = row.network["layer_sizes"]
    names = [f"layer_{n}.{part}" for n in range(1, len(sizes)) for part in ("weight", "bias")]
    flat = np.concatenate([tensors[name].ravel() for name in names])
    return MLP.from_parameters(sizes, row.network["activation"], row.network["output_activation"], flat)
