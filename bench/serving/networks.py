"""The networks that are served: their weights, the rows that they are asked, and the answers that are right."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
BULK_ROWS = 1000


@dataclass(frozen=True)
class Served:
    """A ReLU network with softmax outputs, by its layer sizes; its weights follow from them."""

    sizes: tuple[int, ...]

    @property
    def shape(self) -> str:
        """The layer sizes as people write them."""
        return "-".join(map(str, self.sizes))

    @property
    def features(self) -> list[str]:
        """The names of its inputs."""
        return [f"x{place}" for place in range(self.sizes[0])]

    @property
    def classes(self) -> list[int]:
        """Its classes: numbers, which every peer takes as they are."""
        return list(range(self.sizes[-1]))

    def layers(self, seed: int = 0) -> list[tuple[Array, Array]]:
        """W of shape (n_in, n_out), as scikit-learn has it, and b of each layer; float32 numbers of four digits.

        He's scale keeps the outputs apart; four digits keep the JSON of six million weights short.
        """
        random = np.random.default_rng(seed)
        return [
            (
                _short(random.normal(0.0, np.sqrt(2.0 / n_in), (n_in, n_out))),
                _short(random.normal(0.0, 0.1, n_out)),
            )
            for n_in, n_out in itertools.pairwise(self.sizes)
        ]

    def rows(self, count: int, seed: int = 1) -> Array:
        """Normal inputs of three decimals: short enough that a row of 1,024 fits into an address of 8,192 bytes."""
        return np.random.default_rng(seed).normal(0.0, 1.0, (count, self.sizes[0])).round(3)

    def probabilities(self, X: Array) -> Array:
        """What is to be answered, in double."""
        layers = self.layers()
        a = X
        for W, b in layers[:-1]:
            a = np.maximum(a @ W + b, 0.0)
        z = a @ layers[-1][0] + layers[-1][1]
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return np.asarray(e / e.sum(axis=1, keepdims=True))

    def write(self, path: Path) -> None:
        """Write the weights for `bench/serving/apps/sklearn_network.py`, as float32."""
        arrays: dict[str, npt.NDArray[np.float32]] = {}
        for number, (W, b) in enumerate(self.layers()):
            arrays[f"W{number}"], arrays[f"b{number}"] = W.astype(np.float32), b.astype(np.float32)
        np.savez(path, allow_pickle=False, **arrays)


NETWORKS = (Served((4, 16, 3)), Served((784, 512, 256, 10)), Served((1024, 2048, 2048, 100)))


def _short(values: Array) -> Array:
    """Rounded to four decimals, then to float32."""
    return values.round(4).astype(np.float32).astype(np.float64)
