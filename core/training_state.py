"""All that a training needs to go on, bit for bit, from between any two batches."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from core.arrays import Float64Array, FloatArray
from core.early_stopping import Watch
from core.errors import UnreadableState
from core.optimizers import Vectors
from core.schedules import Plateau

FORMAT_VERSION = 2
OPTIMIZER_PREFIX = "optimizer."


@dataclass
class EpochSums:
    """The sums over the batches that the current epoch has had."""

    rows: int = 0
    weight: float = 0.0
    loss: float = 0.0
    gradient_norm: float = 0.0
    seconds: float = 0.0
    score: Float64Array | None = None

    def to_dict(self) -> dict[str, Any]:
        """A dict that JSON can hold."""
        return {**asdict(self), "score": None if self.score is None else self.score.tolist()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "EpochSums":
        """The sums that `to_dict` wrote."""
        score = None if data["score"] is None else np.array(data["score"], dtype=np.float64)
        return cls(**{**data, "score": score})


@dataclass
class Progress:
    """The counters of a training; through `asdict` all plain JSON values.

    Attributes
    ----------
    epoch : int
        The epoch in progress, from 1.
    batch : int
        Batches done in it.
    step : int
        Batches done in all; it only rises.
    last_loss : float or None
        Mean loss of the last batch.
    seconds : float
        That the epochs before this one took.
    watch : Watch
        Early stopping's memory.
    plateau : Plateau
        The schedule's memory.
    stopped : bool
        No epoch is left to do.
    out_of_time : bool
        It was stopped by the limit on seconds.
    """

    epoch: int = 1
    batch: int = 0
    step: int = 0
    last_loss: float | None = None
    seconds: float = 0.0
    watch: Watch = field(default_factory=Watch)
    plateau: Plateau = field(default_factory=Plateau)
    stopped: bool = False
    out_of_time: bool = False

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Progress":
        """The counters that `asdict` gave."""
        return cls(**{**data, "watch": Watch(**data["watch"]), "plateau": Plateau(**data["plateau"])})


@dataclass
class TrainingState:
    """A training between two batches. The trainer changes it in place.

    Attributes
    ----------
    parameters : ndarray of shape (n_parameters,)
    optimizer : dict of str to ndarray
        What the optimizer remembers.
    best_parameters : ndarray or None
        Those of the best epoch; None while there is none, and always without early stopping.
    progress : Progress
    sums : EpochSums
    """

    parameters: FloatArray
    optimizer: Vectors
    best_parameters: FloatArray | None = None
    progress: Progress = field(default_factory=Progress)
    sums: EpochSums = field(default_factory=EpochSums)

    @property
    def step(self) -> int:
        """Batches done in all; it only rises."""
        return self.progress.step

    @property
    def epoch(self) -> int:
        """The epoch in progress, from 1."""
        return self.progress.epoch

    @property
    def batch(self) -> int:
        """Batches done in this epoch."""
        return self.progress.batch

    def check_fits(self, expected: Mapping[str, FloatArray]) -> None:
        """Refuse to go on with another network or optimizer than that of the `parameters` and vectors expected.

        Raises
        ------
        UnreadableState
        """
        found, expected = {"parameters": self.parameters, **self.optimizer}, dict(expected)
        if self.best_parameters is not None:
            found["best_parameters"], expected["best_parameters"] = self.best_parameters, expected["parameters"]
        shapes = {name: (vector.shape, vector.dtype) for name, vector in found.items()}
        if shapes != {name: (vector.shape, vector.dtype) for name, vector in expected.items()}:
            raise UnreadableState("the training state is of another network or optimizer than the configuration")

    def to_tensors(self) -> tuple[dict[str, FloatArray], dict[str, Any]]:
        """The state as named arrays (copies) and a dict that JSON can hold."""
        tensors = {"parameters": self.parameters.copy()}
        tensors |= {OPTIMIZER_PREFIX + name: vector.copy() for name, vector in self.optimizer.items()}
        if self.best_parameters is not None:
            tensors["best_parameters"] = self.best_parameters.copy()
        meta = {"format_version": FORMAT_VERSION, "progress": asdict(self.progress), "sums": self.sums.to_dict()}
        return tensors, meta

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, FloatArray], meta: Mapping[str, Any]) -> "TrainingState":
        """The state that `to_tensors` wrote.

        Raises
        ------
        UnreadableState
            When something is absent, or of another format.
        """
        if meta.get("format_version") != FORMAT_VERSION:
            version = meta.get("format_version")
            raise UnreadableState(f"the training state has the format {version}, this code reads {FORMAT_VERSION}")
        try:
            best = tensors.get("best_parameters")
            return cls(
                np.array(tensors["parameters"]),
                {
                    name.removeprefix(OPTIMIZER_PREFIX): np.array(vector)
                    for name, vector in tensors.items()
                    if name.startswith(OPTIMIZER_PREFIX)
                },
                None if best is None else np.array(best),
                Progress.from_dict(meta["progress"]),
                EpochSums.from_dict(meta["sums"]),
            )
        except (KeyError, TypeError) as error:
            raise UnreadableState(f"the training state is incomplete: {error}") from error
