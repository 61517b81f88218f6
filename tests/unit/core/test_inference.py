"""The forward pass of serving has the bits of `MLP.predict`."""

from __future__ import annotations

import numpy as np
import pytest

from core.activations import ELEMENT_WISE, OUTPUT_FUNCTIONS
from core.inference import Inference
from core.network import BLOCK_ROWS, MLP


@pytest.mark.parametrize("hidden", ELEMENT_WISE)
@pytest.mark.parametrize("output", OUTPUT_FUNCTIONS)
@pytest.mark.parametrize("sizes", [(4, 3), (4, 16, 3), (7, 20, 9, 5, 130)])
def test_the_bits_are_those_of_the_network(hidden: str, output: str, sizes: tuple[int, ...]) -> None:
    network = MLP.initialize(sizes, hidden, output, seed=5)
    network.parameters[:] += np.random.default_rng(1).normal(0, 0.5, network.parameters.shape).astype(np.float32)
    answer = Inference(network)
    for rows in (1, 2, 33):
        X = np.random.default_rng(rows).normal(0, 2, (rows, sizes[0])).astype(np.float32)
        assert answer(X).tobytes() == network.predict(X).tobytes()


def test_tables_longer_than_a_block_are_answered_too() -> None:
    network = MLP.initialize((2, 3, 2), "relu", "softmax", seed=1)
    X = np.random.default_rng(0).normal(size=(BLOCK_ROWS + 5, 2)).astype(np.float32)
    assert Inference(network)(X).tobytes() == network.predict(X).tobytes()


def test_what_overflows_is_not_finite_and_no_warning() -> None:
    network = MLP.initialize((1, 1), "relu", "identity", seed=1)
    network.parameters[:] = np.float32(3e38)
    assert not np.isfinite(Inference(network)(np.full((1, 1), 1e6, dtype=np.float32))).all()
