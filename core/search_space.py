"""The space of a search: which values the settings of its trials may take."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.configuration_checks import check_boolean, check_choice
from core.errors import InvalidConfiguration

FLOAT, INT, CHOICE = TYPES = ("float", "int", "choice")
MAX_PARAMETERS = 50
MAX_CHOICES = 100
MAX_BOUND = 2**53

_NETWORK = "network."
_GROUPS = {
    "network": ("hidden", "activation", "dropout", "input_dropout"),
    "optimizer": ("name", "learning_rate", "momentum", "nesterov", "beta_1", "beta_2", "epsilon", "weight_decay"),
    "schedule": ("name", "warmup_epochs", "step_epochs", "factor", "patience", "min_delta", "min_learning_rate"),
    "early_stopping": ("patience", "min_delta"),
}
SEARCHABLE: tuple[str, ...] = (
    *(f"{group}.{name}" for group, names in _GROUPS.items() for name in names),
    *("loss", "huber_delta", "label_smoothing", "epochs", "batch_size", "l1", "l2", "max_norm"),
    *("max_gradient_norm", "clip", "seed"),
)
"""The settings that a search may choose, by their dotted paths in a request to train.

Neither the split of the rows nor what early stopping watches is among them: trials could not be compared then.
"""

CHANGES_LOSSES = ("loss", "huber_delta")
"""Those that change what a loss means."""


@dataclass(frozen=True)
class Parameter:
    """One setting that a search chooses.

    Attributes
    ----------
    path : str
        One of `SEARCHABLE`.
    type : str
        One of `TYPES`.
    low, high : number or None
        The bounds, both included; of float and int.
    log : bool
        Whether values are spread evenly in their logarithm; of float and int.
    choices : tuple or None
        JSON values, no two alike; of choice.

    Raises
    ------
    InvalidConfiguration
        Its `field` is that of the parameter: ``low``, ``choices.2``.
    """

    path: str
    type: str
    low: float | None = None
    high: float | None = None
    log: bool = False
    choices: tuple[Any, ...] | None = None

    def __post_init__(self) -> None:
        check_choice("path", self.path, SEARCHABLE)
        check_choice("type", self.type, TYPES)
        check_boolean("log", self.log)
        if self.type == CHOICE:
            self._check_choices()
        else:
            self._check_bounds()

    def _check_bounds(self) -> None:
        if self.choices is not None:
            raise InvalidConfiguration("choices", f"a parameter of type {self.type} has none", "the type choice")
        kind = "an integer" if self.type == INT else "a number"
        for name in ("low", "high"):
            value = getattr(self, name)
            fits = isinstance(value, int if self.type == INT else (int, float)) and not isinstance(value, bool)
            if not fits or not -MAX_BOUND <= value <= MAX_BOUND:
                raise InvalidConfiguration(name, "it will not do", f"{kind} within ±2⁵³")
            if self.type == FLOAT:
                object.__setattr__(self, name, float(value))
        low, high = self.bounds
        if low >= high:
            raise InvalidConfiguration("low", "it is not below `high`", f"{kind} below {high:g}")
        if self.log and low <= 0:
            raise InvalidConfiguration("low", "it has no logarithm", f"{kind} above 0, or no `log`")

    def _check_choices(self) -> None:
        for name in ("low", "high"):
            if getattr(self, name) is not None:
                raise InvalidConfiguration(name, "a parameter of type choice has none", "the type float or int")
        if self.log:
            raise InvalidConfiguration("log", "a parameter of type choice has none", "the type float or int")
        if not isinstance(self.choices, (list, tuple)) or not 1 <= len(self.choices) <= MAX_CHOICES:
            raise InvalidConfiguration("choices", "they will not do", f"a list of 1 to {MAX_CHOICES} values")
        object.__setattr__(self, "choices", tuple(self.choices))
        seen: set[str] = set()
        for index, value in enumerate(self.values):
            text = json.dumps(value)
            if text in seen:
                raise InvalidConfiguration(f"choices.{index}", "it stands twice", "each value once")
            seen.add(text)

    @property
    def bounds(self) -> tuple[float, float]:
        """Lowest and highest value of a float or an int."""
        assert self.low is not None
        assert self.high is not None
        return self.low, self.high

    @property
    def values(self) -> tuple[Any, ...]:
        """All values of a choice, in their order."""
        assert self.choices is not None
        return self.choices

    def index(self, value: Any) -> int:
        """Where a value stands among the choices; 1, 1.0 and true are three values."""
        return [json.dumps(each) for each in self.values].index(json.dumps(value))

    def ends(self) -> Iterator[tuple[str, Any]]:
        """The values at which a configuration shows whether it can be, each with its field: bounds, or all choices."""
        if self.type == CHOICE:
            yield from ((f"choices.{index}", value) for index, value in enumerate(self.values))
        else:
            yield from zip(("low", "high"), self.bounds, strict=True)

    def count(self) -> float:
        """How many values there are; infinitely many of a float."""
        if self.type == CHOICE:
            return len(self.values)
        low, high = self.bounds
        return math.inf if self.type == FLOAT else high - low + 1

    def to_dict(self) -> dict[str, Any]:
        """A dict that JSON can hold, without the path."""
        if self.type == CHOICE:
            return {"type": self.type, "choices": list(self.values)}
        return {"type": self.type, "low": self.low, "high": self.high, "log": self.log}


def with_values(fields: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a training configuration with these values in place.

    Parameters
    ----------
    fields : mapping
        As `TrainingConfig.from_dict` reads them; what is absent takes its default after the values are in.
    values : mapping of str to object
        By path.

    Raises
    ------
    InvalidConfiguration
        For a field of early stopping where it is off.
    """
    result = dict(fields)
    for path, value in values.items():
        group, _, name = path.removeprefix(_NETWORK).rpartition(".")
        if not group:
            result[name] = value
            continue
        inner = result.get(group, {})
        if inner is None:
            raise InvalidConfiguration(path, f"{group} is off", f"a training with {group}")
        result[group] = {**inner, name: value}
    return result
