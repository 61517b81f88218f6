"""What a search of hyper-parameters asks for, as frozen dataclasses that are valid once they exist."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from core.configuration import TrainingConfig
from core.configuration_checks import check_choice, check_integer, check_number
from core.early_stopping import LOWER_IS_BETTER, TASKS_OF
from core.errors import InvalidConfiguration
from core.schedules import MAX_EPOCHS
from core.search_space import CHANGES_LOSSES, MAX_PARAMETERS, Parameter

TPE, RANDOM, GRID = SAMPLERS = ("tpe", "random", "grid")
MEDIAN, PERCENTILE = PRUNERS = ("median", "percentile")
MAX_TRIALS = 1000
MAX_PARALLELISM = 100
MAX_GRID = 100_000
REPORTED = ("validation_loss", "validation_score", "train_loss", "train_score")
"""The metrics that every epoch has, also where early stopping watches nothing."""


@dataclass(frozen=True)
class SamplerConfig:
    """Who chooses the trials' values; `startup_trials` are random ones that tpe begins with."""

    name: str = TPE
    startup_trials: int = 10

    def __post_init__(self) -> None:
        check_choice("search.sampler.name", self.name, SAMPLERS)
        check_integer("search.sampler.startup_trials", self.startup_trials, 1, MAX_TRIALS)


@dataclass(frozen=True)
class PrunerConfig:
    """When a trial is ended before its end.

    Attributes
    ----------
    name : str
        ``median``: where its best value so far is worse than the median of those that the finished trials had by the
        same epoch. ``percentile``: where it is not among the best `percentile` % of them.
    percentile : float
        Of percentile; 50 is the median.
    startup_trials : int
        So many trials finish before any is pruned.
    warmup_epochs, interval_epochs : int
        It is looked at after each epoch that is a multiple of the interval, from the warm-up on.
    """

    name: str = MEDIAN
    percentile: float = 50.0
    startup_trials: int = 5
    warmup_epochs: int = 10
    interval_epochs: int = 5

    def __post_init__(self) -> None:
        check_choice("search.pruner.name", self.name, PRUNERS)
        check_number(self, "search.pruner.percentile", 0, 100, above=True, below=True)
        if self.name == MEDIAN and self.percentile != 50:
            raise InvalidConfiguration("search.pruner.percentile", "the median is 50", "the pruner percentile")
        check_integer("search.pruner.startup_trials", self.startup_trials, 1, MAX_TRIALS)
        check_integer("search.pruner.warmup_epochs", self.warmup_epochs, 0, MAX_EPOCHS)
        check_integer("search.pruner.interval_epochs", self.interval_epochs, 1, MAX_EPOCHS)

    def looks_at(self, epoch: int) -> bool:
        """Whether a trial is judged after this epoch."""
        return epoch >= self.warmup_epochs and epoch % self.interval_epochs == 0


@dataclass(frozen=True)
class SearchConfig:
    """A search.

    Attributes
    ----------
    space : tuple of Parameter
        What the trials differ in.
    trials : int
        How many there are to be.
    parallelism : int
        How many at a time, at most.
    metric : str
        A trial's value: this metric at its best epoch. One that early stopping can watch.
    sampler : SamplerConfig
    pruner : PrunerConfig or None

    Raises
    ------
    InvalidConfiguration
    """

    space: tuple[Parameter, ...]
    trials: int = 20
    parallelism: int = 2
    metric: str = "validation_loss"
    sampler: SamplerConfig = field(default_factory=SamplerConfig)
    pruner: PrunerConfig | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.space) <= MAX_PARAMETERS:
            raise InvalidConfiguration("search.space", f"it has {len(self.space)}", f"1 to {MAX_PARAMETERS} parameters")
        check_integer("search.trials", self.trials, 1, MAX_TRIALS)
        check_integer("search.parallelism", self.parallelism, 1, MAX_PARALLELISM)
        check_choice("search.metric", self.metric, tuple(TASKS_OF))
        if self.sampler.name == GRID and self.grid_size > MAX_GRID:
            expected = f"floats as a choice, and at most {MAX_GRID:,} points"
            raise InvalidConfiguration("search.sampler.name", "the grid has too many points", expected)

    @property
    def lower_is_better(self) -> bool:
        """Whether the metric is to fall."""
        return self.metric in LOWER_IS_BETTER

    @property
    def grid_size(self) -> float:
        """How many different trials there could be."""
        return math.prod(parameter.count() for parameter in self.space)

    @property
    def most_trials(self) -> int:
        """How many trials there will be: a grid may have fewer points than were asked for."""
        return min(self.trials, int(self.grid_size)) if self.sampler.name == GRID else self.trials

    def better(self, value: float, than: float) -> bool:
        """Whether a trial's value is better than another's."""
        return value < than if self.lower_is_better else value > than

    def check_training(self, training: TrainingConfig) -> None:
        """Refuse a metric that does not tell the trials apart.

        Raises
        ------
        InvalidConfiguration
        """
        metric, stopping = self.metric, training.early_stopping
        tasks = TASKS_OF[metric]
        if training.task not in tasks:
            fitting = ", ".join(name for name, tasks in TASKS_OF.items() if training.task in tasks)
            raise InvalidConfiguration("search.metric", f"{training.task} has no {metric}", f"one of {fitting}")
        if metric.startswith("validation_") and training.validation_fraction == 0:
            raise InvalidConfiguration("search.metric", "there are no validation rows", "a `validation_fraction`")
        if stopping is None and metric not in REPORTED:
            expected = "early stopping, or one of " + ", ".join(REPORTED)
            raise InvalidConfiguration("search.metric", f"without early stopping nobody watches {metric}", expected)
        if stopping is not None:
            watched = stopping.metric if training.validation_fraction > 0 else "train_loss"
            if watched != metric:
                detail = f"early stopping watches {watched}, which decides each trial's best epoch"
                raise InvalidConfiguration("search.metric", detail, f"{watched}, or no early stopping")
        changing = [parameter.path for parameter in self.space if parameter.path in CHANGES_LOSSES]
        if changing and metric.endswith("loss"):
            detail = f"trials of different {changing[0]} have no {metric} to compare"
            raise InvalidConfiguration("search.metric", detail, "a score, or an error in the target's own units")

    def to_dict(self) -> dict[str, Any]:
        """A dict that JSON can hold, and `from_dict` reads."""
        space = {parameter.path: parameter.to_dict() for parameter in self.space}
        return {
            "trials": self.trials,
            "parallelism": self.parallelism,
            "metric": self.metric,
            "sampler": asdict(self.sampler),
            "pruner": None if self.pruner is None else asdict(self.pruner),
            "space": space,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "SearchConfig":
        """The search that `to_dict` described."""
        pruner = data["pruner"]
        return cls(
            space=tuple(Parameter(path, **each) for path, each in data["space"].items()),
            trials=data["trials"],
            parallelism=data["parallelism"],
            metric=data["metric"],
            sampler=SamplerConfig(**data["sampler"]),
            pruner=None if pruner is None else PrunerConfig(**pruner),
        )
