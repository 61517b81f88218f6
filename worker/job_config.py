"""What a training job asks for, read from its row's `config`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.configuration import TrainingConfig


@dataclass(frozen=True)
class JobConfig:
    """A training job's request.

    Attributes
    ----------
    features, targets : tuple of str
        Columns of the dataset.
    target : str or list of str
        The target as it was asked for.
    sample_weight : str or None
        The column of weights.
    initialize_from : dict or None
        ``model`` and ``version`` of what it begins with.
    folds : int
        Of the cross-validation; 0 for none.
    importance_repeats : int
        Of the permutation importances; 0 for none.
    training : TrainingConfig
    """

    features: tuple[str, ...]
    targets: tuple[str, ...]
    target: str | list[str]
    training: TrainingConfig
    sample_weight: str | None = None
    initialize_from: dict[str, Any] | None = None
    folds: int = 0
    importance_repeats: int = 0

    @property
    def labels(self) -> list[str]:
        """The targets, and the column of weights where there is one."""
        return [*self.targets, *([self.sample_weight] if self.sample_weight is not None else [])]

    @property
    def columns(self) -> list[str]:
        """All columns that the job reads."""
        return [*self.features, *self.labels]

    @classmethod
    def from_dict(cls, config: Mapping[str, Any]) -> JobConfig:
        """Read a job's `config`.

        Raises
        ------
        InvalidConfiguration
            When the training part is not one that this code can do.
        """
        target = config["target"]
        return cls(
            features=tuple(config["features"]),
            targets=(target,) if isinstance(target, str) else tuple(target),
            target=target,
            sample_weight=config.get("sample_weight"),
            initialize_from=config.get("initialize_from"),
            folds=config.get("folds", 0),
            importance_repeats=config.get("importance_repeats", 0),
            training=TrainingConfig.from_dict(config["training"]),
        )
