"""Small encoded problems that the tests of training share."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from core.arrays import FloatArray
from core.batches import EpochOrder, epoch_order
from core.configuration import TrainingConfig
from core.targets import TargetEncoding
from core.training import Trainer, TrainingState

ENCODINGS = {
    "classification": TargetEncoding("classification", ("y",), ("a", "b", "c")),
    "regression": TargetEncoding("regression", ("y", "z"), (), (0.0, 0.0), (1.0, 1.0)),
    "multilabel": TargetEncoding("multilabel", ("y", "z"), ("y", "z")),
    "distribution": TargetEncoding("distribution", ("y", "z"), ("y", "z")),
}


@dataclass
class Ticks:
    """A clock that moves by one second whenever it is read."""

    now: float = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def _targets(task: str, X: FloatArray) -> FloatArray:
    if task == "regression":
        return np.stack([X[:, 0] - X[:, 1], X[:, 0] * X[:, 1]], axis=1)
    if task == "multilabel":
        return (X[:, :2] > 0).astype(np.float32)
    if task == "distribution":
        share = 1 / (1 + np.exp(-X[:, 0]))
        return np.stack([share, 1 - share], axis=1)
    return np.eye(3, dtype=np.float32)[np.digitize(X[:, 0] + X[:, 1], [-0.7, 0.7])]


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Matrices as small as these only wait for each other's threads, the more so on a busy machine."""
    with threadpool_limits(1):
        yield


@pytest.fixture
def trainer_of() -> Callable[..., Trainer]:
    """`trainer_of(task, rows=53, validation=20, state=None, dtype=float32, **config)`: a trainer of a small problem."""

    def make(
        task: str = "classification",
        rows: int = 53,
        validation: int | None = 20,
        state: TrainingState | None = None,
        dtype: Any = np.float32,
        weights: FloatArray | None = None,
        weights_val: FloatArray | None = None,
        initial: FloatArray | None = None,
        order: EpochOrder = epoch_order,
        **config: Any,
    ) -> Trainer:
        X = np.random.default_rng(0).normal(size=(rows + (validation or 0), 4)).astype(np.float32)
        Y = _targets(task, X)
        settings = TrainingConfig(**{"task": task, "hidden": (6, 5), "batch_size": 8, "epochs": 6, **config})
        held_out = (None, None) if validation is None else (X[rows:], Y[rows:])
        encoding = ENCODINGS[task]
        return Trainer(
            settings,
            X[:rows],
            Y[:rows],
            *held_out,
            encoding,
            weights=weights,
            weights_val=weights_val,
            initial=initial,
            state=state,
            order=order,
            clock=Ticks(),
            dtype=dtype,
        )

    return make
