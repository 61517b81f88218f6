"""Schedules: the learning rate of each epoch.

Symbols: ε the optimizer's learning rate, e the epoch from 1, E the most epochs, w the epochs of warm-up, γ the factor.
But for the plateau a schedule is a function of e alone; the plateau's memory is in `Plateau`.
"""

import math
from dataclasses import dataclass

from core.configuration_checks import check_choice, check_integer, check_number
from core.errors import InvalidConfiguration

SCHEDULES = ("constant", "step", "cosine", "plateau")
FIELDS_OF = {
    "constant": frozenset[str](),
    "step": frozenset({"step_epochs", "factor"}),
    "cosine": frozenset({"min_learning_rate"}),
    "plateau": frozenset({"factor", "patience", "min_delta", "min_learning_rate"}),
}
"""The fields that each schedule reads, beside `warmup_epochs`, which all do."""

MAX_EPOCHS = 100_000


@dataclass(frozen=True)
class ScheduleConfig:
    """How the learning rate goes over the epochs.

    Attributes
    ----------
    name : str
        One of `SCHEDULES`.
    warmup_epochs : int
        In so many first epochs the rate rises evenly; the last of them has the whole rate.
    step_epochs : int
        Of step: the rate falls after each so many epochs.
    factor : float
        Of step and plateau: what the rate is multiplied by when it falls.
    patience : int
        Of plateau: the rate falls after so many epochs without an improvement.
    min_delta : float
        Of plateau: the least fall of the validation loss (of the training loss, without validation rows) that counts.
    min_learning_rate : float
        Of cosine and plateau: where the fall ends.
    """

    name: str = "constant"
    warmup_epochs: int = 0
    step_epochs: int = 30
    factor: float = 0.1
    patience: int = 10
    min_delta: float = 1e-4
    min_learning_rate: float = 0.0

    def __post_init__(self) -> None:
        check_choice("schedule.name", self.name, SCHEDULES)
        check_integer("schedule.warmup_epochs", self.warmup_epochs, 0, MAX_EPOCHS)
        check_integer("schedule.step_epochs", self.step_epochs, 1, MAX_EPOCHS)
        check_number(self, "schedule.factor", 0, 1, above=True, below=True)
        check_integer("schedule.patience", self.patience, 1, MAX_EPOCHS)
        check_number(self, "schedule.min_delta", 0, 1e6)
        check_number(self, "schedule.min_learning_rate", 0, 1000)
        for field, default in self.__dataclass_fields__.items():
            foreign = field not in {"name", "warmup_epochs"} | FIELDS_OF[self.name]
            if foreign and getattr(self, field) != default.default:
                owners = " or ".join(name for name, fields in FIELDS_OF.items() if field in fields)
                raise InvalidConfiguration(
                    f"schedule.{field}", f"the schedule {self.name} has none", f"the schedule {owners}"
                )


@dataclass
class Plateau:
    """What reduction on a plateau remembers; plain JSON values.

    Attributes
    ----------
    reference_loss : float or None
        The loss at the last improvement of at least min_delta.
    epochs_without_improvement : int
        Epochs since then, or since the last reduction.
    reductions : int
        How often the rate has fallen.
    """

    reference_loss: float | None = None
    epochs_without_improvement: int = 0
    reductions: int = 0

    def watch(self, schedule: ScheduleConfig, loss: float) -> None:
        """Take an epoch's loss into account; the rate of the next epoch may fall."""
        if self.reference_loss is None or loss <= self.reference_loss - schedule.min_delta:
            self.reference_loss, self.epochs_without_improvement = loss, 0
            return
        self.epochs_without_improvement += 1
        if self.epochs_without_improvement >= schedule.patience:
            self.reductions, self.epochs_without_improvement = self.reductions + 1, 0


def scheduled_rate(schedule: ScheduleConfig, learning_rate: float, epoch: int, epochs: int, reductions: int) -> float:
    """The learning rate of an epoch, from 1, of at most `epochs`, after so many reductions on a plateau."""
    warmup = schedule.warmup_epochs
    if epoch <= warmup:
        return learning_rate * epoch / warmup  # [WARM-UP]
    after, lowest = epoch - warmup - 1, schedule.min_learning_rate
    if schedule.name == "step":
        return learning_rate * schedule.factor ** (after // schedule.step_epochs)  # [STEP]
    if schedule.name == "cosine":
        turn = math.cos(math.pi * after / (epochs - warmup))
        return lowest + (learning_rate - lowest) * (1 + turn) / 2  # [COSINE]
    if schedule.name == "plateau":
        return max(learning_rate * schedule.factor**reductions, lowest)  # [PLATEAU]
    return learning_rate
