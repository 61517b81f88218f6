"""The problems that the benchmark trains on: their shapes, their arithmetic, their rows."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from core.arrays import FloatArray, IndexArray


@dataclass(frozen=True)
class Problem:
    """A network, a batch size, and how many rows an epoch has: a multiple of the batch, so that all batches are alike.

    The rows are few enough that an epoch of the slowest takes about a second, and many enough that what happens once
    an epoch does not decide.
    """

    sizes: tuple[int, ...]
    batch: int
    rows: int

    @property
    def shape(self) -> str:
        """The layer sizes as people write them."""
        return "-".join(map(str, self.sizes))

    @property
    def name(self) -> str:
        """Shape and batch, as the option ``--only`` takes them."""
        return f"{self.shape},{self.batch}"

    @property
    def gemm_flops_per_sample(self) -> int:
        """Floating-point operations in matrix products for one row of one step.

        A product with W takes 2 for each weight (a multiplication, an addition). Each layer has one forward and one
        for its gradient; each but the first has one that brings δ back.
        """
        weights = [n_in * n_out for n_in, n_out in itertools.pairwise(self.sizes)]
        return 2 * (3 * sum(weights) - weights[0])


PROBLEMS = (
    Problem((4, 16, 3), 32, 8192),
    Problem((64, 64, 10), 128, 16384),
    Problem((784, 512, 256, 10), 32, 8192),
    Problem((784, 512, 256, 10), 128, 8192),
    Problem((784, 512, 256, 10), 1024, 8192),
    Problem((1024, 2048, 2048, 100), 128, 1024),
)


@dataclass(frozen=True)
class Rows:
    """A problem's rows in memory, as each loop wants them.

    Attributes
    ----------
    X : float32 ndarray of shape (rows, n_in)
    labels : int64 ndarray of shape (rows,)
    Y : float32 ndarray of shape (rows, n_out)
        The labels as one-hot rows.
    """

    problem: Problem
    X: FloatArray
    labels: IndexArray
    Y: FloatArray


def rows_of(problem: Problem, seed: int = 0) -> Rows:
    """Normal inputs, and the largest of as many random projections as there are classes: something to be learnt."""
    random = np.random.default_rng(seed)
    n_in, n_out = problem.sizes[0], problem.sizes[-1]
    X = random.standard_normal((problem.rows, n_in), dtype=np.float32)
    labels = np.argmax(X @ random.standard_normal((n_in, n_out), dtype=np.float32), axis=1).astype(np.int64)
    labels[:n_out] = np.arange(n_out)  # each class has a row: scikit-learn counts them
    return Rows(problem, X, labels, np.eye(n_out, dtype=np.float32)[labels])
