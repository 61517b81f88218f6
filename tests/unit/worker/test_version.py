"""What a training publishes can be served without anything else."""

from __future__ import annotations

import numpy as np
import safetensors.numpy

from core.network import MLP
from worker.version import encode_weights


def test_weights_are_named_by_layer_and_keep_every_bit() -> None:
    network = MLP.initialize((3, 5, 2), "relu", "softmax", seed=4)
    tensors = safetensors.numpy.load(encode_weights(network))
    assert sorted(tensors) == ["layer_1.bias", "layer_1.weight", "layer_2.bias", "layer_2.weight"]
    assert tensors["layer_1.weight"].shape == (5, 3)
    assert {array.dtype for array in tensors.values()} == {np.dtype(np.float32)}
    flat = np.concatenate([tensors[f"layer_{n}.{part}"].ravel() for n in (1, 2) for part in ("weight", "bias")])
    assert flat.tobytes() == network.parameters.tobytes()


def test_equal_networks_have_equal_bytes() -> None:
    first, second = (MLP.initialize((4, 6, 3), "tanh", "identity", seed=9) for _ in range(2))
    assert encode_weights(first) == encode_weights(second)
