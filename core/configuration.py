"""The configuration of a training: one frozen dataclass, JSON-able, valid once it exists."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

from core.activations import ELEMENT_WISE
from core.configuration_checks import (
    check_choice,
    check_class_weights,
    check_integer,
    check_number,
    check_sizes,
    known_fields,
)
from core.early_stopping import EarlyStopping
from core.errors import InvalidConfiguration
from core.network import parameter_count
from core.optimizer_config import LBFGS, OptimizerConfig
from core.schedules import MAX_EPOCHS, ScheduleConfig

__all__ = ["EarlyStopping", "OptimizerConfig", "ScheduleConfig", "Task", "TrainingConfig", "check_size"]

Task: TypeAlias = Literal["classification", "regression", "multilabel", "distribution"]

OUTPUT_OF: dict[tuple[str, str], str] = {
    ("classification", "cross_entropy"): "softmax",
    ("classification", "mse"): "softmax",
    ("regression", "mse"): "identity",
    ("regression", "mae"): "identity",
    ("regression", "huber"): "identity",
    ("multilabel", "binary_cross_entropy"): "sigmoid",
    ("multilabel", "mse"): "sigmoid",
    ("distribution", "cross_entropy"): "softmax",
    ("distribution", "mse"): "softmax",
}
"""The output activation of each permitted (task, loss); a task's first loss is its default."""

TASKS: tuple[str, ...] = tuple(dict.fromkeys(task for task, _ in OUTPUT_OF))

BALANCED = "balanced"

MAX_HIDDEN_LAYERS = 64
MAX_LAYER_SIZE = 65_536
MAX_PARAMETERS = 50_000_000
MAX_LBFGS_PARAMETERS = 1_000_000
MAX_BATCH_SIZE = 1_048_576
MAX_SEED = 2**53 - 1  # the largest integer that every JSON reader keeps


@dataclass(frozen=True)
class TrainingConfig:
    """All that a training needs to know beside its rows.

    Attributes
    ----------
    task : str
        One of `TASKS`.
    hidden : tuple of int
        The sizes of the hidden layers; empty for a linear model.
    activation : str
        Of the hidden layers.
    dropout, input_dropout : float
        The probability that a hidden activation, or an input, is dropped in training, below 1.
    loss : str or None
        None takes the task's usual loss; see `resolved_loss`.
    huber_delta : float or None
        Where the Huber loss turns from quadratic to linear, in standardised units, 1 when not given; None for others.
    label_smoothing : float
        The share of each training target that is spread evenly; for cross-entropy and binary cross-entropy.
    class_weights : "balanced", mapping of str to float, or None
        Of a classification: what an example of each class, by its JSON text, counts for in the loss.
    epochs : int
        At most this many.
    batch_size : int
        Rows.
    validation_fraction, test_fraction : float
        Shares of the rows, 0 for none.
    early_stopping : EarlyStopping or None
        None trains for all epochs and keeps the last.
    max_seconds : float or None
        The training ends with the batch that reaches so many seconds of the trainer's clock; None for no limit.
    l1, l2 : float
        Add l1 Σ|W| and (l2/2) Σ‖W‖² to the mean loss of a batch; biases are free.
    max_norm : float or None
        After each update no unit's incoming weights are longer than this; None for off.
    max_gradient_norm : float or None
        A longer gradient is shortened to this; None for off.
    clip : float or None
        Standardised features are clipped to ±clip; None for off.
    seed : int
        Of every random number.

    Raises
    ------
    InvalidConfiguration
        Names the field, and what would do.
    """

    task: Task
    hidden: tuple[int, ...] = (128, 64)
    activation: str = "relu"
    dropout: float = 0.0
    input_dropout: float = 0.0
    loss: str | None = None
    huber_delta: float | None = None
    label_smoothing: float = 0.0
    class_weights: str | Mapping[str, float] | None = None
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    epochs: int = 200
    batch_size: int = 32
    validation_fraction: float = 0.1
    test_fraction: float = 0.0
    early_stopping: EarlyStopping | None = field(default_factory=EarlyStopping)
    max_seconds: float | None = None
    l1: float = 0.0
    l2: float = 0.0
    max_norm: float | None = None
    max_gradient_norm: float | None = None
    clip: float | None = 5.0
    seed: int = 0

    def __post_init__(self) -> None:
        check_choice("task", self.task, TASKS)
        object.__setattr__(self, "hidden", check_sizes("hidden", self.hidden, MAX_HIDDEN_LAYERS, MAX_LAYER_SIZE))
        check_choice("activation", self.activation, tuple(ELEMENT_WISE))
        check_number(self, "dropout", 0, 1, below=True)
        check_number(self, "input_dropout", 0, 1, below=True)
        if self.loss is not None:
            check_choice("loss", self.loss, tuple(dict.fromkeys(loss for _, loss in OUTPUT_OF)))
            if (self.task, self.loss) not in OUTPUT_OF:
                fitting = " or ".join(loss for task, loss in OUTPUT_OF if task == self.task)
                raise InvalidConfiguration("loss", f"the loss {self.loss} does not go with {self.task}", fitting)
        if self.resolved_loss == "huber":
            object.__setattr__(self, "huber_delta", 1.0 if self.huber_delta is None else self.huber_delta)
            check_number(self, "huber_delta", 0, 1e6, above=True)
        elif self.huber_delta is not None:
            raise InvalidConfiguration("huber_delta", f"the loss {self.resolved_loss} has none", "the loss huber")
        check_number(self, "label_smoothing", 0, 1, below=True)
        if self.label_smoothing and not self.resolved_loss.endswith("cross_entropy"):
            raise InvalidConfiguration(
                "label_smoothing", f"the loss {self.resolved_loss} takes no label smoothing", "a cross-entropy"
            )
        if self.class_weights is not None:
            object.__setattr__(self, "class_weights", check_class_weights(self.task, self.class_weights, BALANCED))
        check_integer("epochs", self.epochs, 1, MAX_EPOCHS)
        if self.early_stopping is not None:
            self.early_stopping.check_task(self.task)
        if self.schedule.min_learning_rate > self.optimizer.learning_rate:
            raise InvalidConfiguration(
                "schedule.min_learning_rate",
                "it is above the learning rate",
                f"{self.optimizer.learning_rate:g} at most",
            )
        check_integer("batch_size", self.batch_size, 1, MAX_BATCH_SIZE)
        check_number(self, "validation_fraction", 0, 0.5)
        check_number(self, "test_fraction", 0, 0.5)
        if self.validation_fraction + self.test_fraction > 0.9:
            raise InvalidConfiguration(
                "test_fraction", "validation and test leave too little to train on", "a sum of at most 0.9"
            )
        check_number(self, "l1", 0, 1e6)
        check_number(self, "l2", 0, 1e6)
        for name in ("max_norm", "max_gradient_norm", "clip", "max_seconds"):
            if getattr(self, name) is not None:
                check_number(self, name, 0, 1e9, above=True)
        if self.optimizer.name == LBFGS:
            self._check_lbfgs()
        check_integer("seed", self.seed, 0, MAX_SEED)
        check_size(self.hidden, 1, 1)

    def _check_lbfgs(self) -> None:
        """L-BFGS minimises one smooth function of all rows: refuse what changes it on the way or is not smooth."""
        off = TrainingConfig(self.task)
        for name in ("dropout", "input_dropout", "l1", "max_norm", "max_gradient_norm", "schedule"):
            if getattr(self, name) != getattr(off, name):
                raise InvalidConfiguration(name, f"{LBFGS} takes no {name}", "another optimizer")

    @property
    def resolved_loss(self) -> str:
        """The loss, the task's usual one when none was named."""
        return self.loss or next(loss for task, loss in OUTPUT_OF if task == self.task)

    @property
    def output_activation(self) -> str:
        """The activation of the output layer, which task and loss decide."""
        return OUTPUT_OF[self.task, self.resolved_loss]

    def to_dict(self) -> dict[str, Any]:
        """A dict that JSON can hold, and `from_dict` reads."""
        return {**asdict(self), "hidden": list(self.hidden)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "TrainingConfig":
        """The configuration that a dict describes; absent fields take their defaults.

        Raises
        ------
        InvalidConfiguration
            For an unknown field (with the nearest name), a wrong type or a value out of range.
        """
        values = known_fields(cls, data, "")
        if "task" not in values:
            raise InvalidConfiguration("task", "it is missing", "one of " + ", ".join(TASKS))
        if "optimizer" in values:
            values["optimizer"] = OptimizerConfig(**known_fields(OptimizerConfig, values["optimizer"], "optimizer."))
        if "schedule" in values:
            values["schedule"] = ScheduleConfig(**known_fields(ScheduleConfig, values["schedule"], "schedule."))
        if values.get("early_stopping") is not None:
            stopping = known_fields(EarlyStopping, values["early_stopping"], "early_stopping.")
            values["early_stopping"] = EarlyStopping(**stopping)
        return cls(**values)


def check_size(hidden: Sequence[int], n_inputs: int, n_outputs: int, optimizer: str = "adam") -> None:
    """Refuse a network of too many parameters, before anything of its size is allocated.

    L-BFGS remembers some 20 vectors of them in float64.
    """
    count = parameter_count((n_inputs, *hidden, n_outputs))
    if optimizer == LBFGS and count > MAX_LBFGS_PARAMETERS:
        raise InvalidConfiguration(
            "optimizer.name", f"{LBFGS} is for small networks, not for {count:,} parameters", "another optimizer"
        )
    if count > MAX_PARAMETERS:
        raise InvalidConfiguration(
            "hidden", f"the network would have {count:,} parameters", f"at most {MAX_PARAMETERS:,} parameters"
        )
