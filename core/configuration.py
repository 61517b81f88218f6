"""The configuration of a training: one frozen dataclass, JSON-able, valid once it exists."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias, cast

from core.activations import ELEMENT_WISE
from core.configuration_checks import (
    check_boolean,
    check_choice,
    check_integer,
    check_number,
    check_sizes,
    known_fields,
)
from core.errors import InvalidConfiguration
from core.network import parameter_count

Task: TypeAlias = Literal["classification", "regression", "multilabel", "distribution"]

OUTPUT_OF: dict[tuple[str, str], str] = {
    ("classification", "cross_entropy"): "softmax",
    ("classification", "mse"): "softmax",
    ("regression", "mse"): "identity",
    ("multilabel", "binary_cross_entropy"): "sigmoid",
    ("multilabel", "mse"): "sigmoid",
    ("distribution", "cross_entropy"): "softmax",
    ("distribution", "mse"): "softmax",
}
"""The output activation of each permitted (task, loss); a task's first loss is its default."""

TASKS: tuple[str, ...] = tuple(dict.fromkeys(task for task, _ in OUTPUT_OF))
DEFAULT_LEARNING_RATE = {"adam": 0.001, "sgd": 0.01}

MAX_HIDDEN_LAYERS = 64
MAX_LAYER_SIZE = 65_536
MAX_PARAMETERS = 50_000_000
MAX_EPOCHS = 100_000
MAX_BATCH_SIZE = 1_048_576
MAX_SEED = 2**53 - 1  # the largest integer that every JSON reader keeps


@dataclass(frozen=True)
class OptimizerConfig:
    """An optimizer by name, with its numbers; `learning_rate` None takes the optimizer's usual one."""

    name: str = "adam"
    learning_rate: float = cast(float, None)
    momentum: float = 0.0
    nesterov: bool = False
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        check_choice("optimizer.name", self.name, tuple(DEFAULT_LEARNING_RATE))
        if cast(float | None, self.learning_rate) is None:
            object.__setattr__(self, "learning_rate", DEFAULT_LEARNING_RATE[self.name])
        check_number(self, "optimizer.learning_rate", 0, 1000, above=True)
        check_number(self, "optimizer.momentum", 0, 1, below=True)
        check_boolean("optimizer.nesterov", self.nesterov)
        check_number(self, "optimizer.beta_1", 0, 1, below=True)
        check_number(self, "optimizer.beta_2", 0, 1, below=True)
        check_number(self, "optimizer.epsilon", 0, 1, above=True)
        if self.name != "sgd" and (self.momentum or self.nesterov):
            raise InvalidConfiguration("optimizer.momentum", f"{self.name} takes no momentum", "the optimizer sgd")
        if self.nesterov and not self.momentum:
            raise InvalidConfiguration("optimizer.nesterov", "nesterov needs a momentum", "a momentum above 0")


@dataclass(frozen=True)
class EarlyStopping:
    """Stop after `patience` epochs without an improvement of at least `min_delta`; the best epoch is restored."""

    metric: str = "validation_loss"
    patience: int = 20
    min_delta: float = 1e-4

    def __post_init__(self) -> None:
        check_choice("early_stopping.metric", self.metric, ("validation_loss",))
        check_integer("early_stopping.patience", self.patience, 1, MAX_EPOCHS)
        check_number(self, "early_stopping.min_delta", 0, 1e6)


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
    dropout : float
        The probability that a hidden activation is dropped, below 1.
    loss : str or None
        None takes the task's usual loss; see `resolved_loss`.
    epochs : int
        At most this many.
    batch_size : int
        Rows.
    validation_fraction, test_fraction : float
        Shares of the rows, 0 for none.
    early_stopping : EarlyStopping or None
        None trains for all epochs and keeps the last.
    l2 : float
        Adds (l2/2) Σ‖W‖² to the mean loss of a batch.
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
    loss: str | None = None
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    epochs: int = 200
    batch_size: int = 32
    validation_fraction: float = 0.1
    test_fraction: float = 0.0
    early_stopping: EarlyStopping | None = field(default_factory=EarlyStopping)
    l2: float = 0.0
    clip: float | None = 5.0
    seed: int = 0

    def __post_init__(self) -> None:
        check_choice("task", self.task, TASKS)
        object.__setattr__(self, "hidden", check_sizes("hidden", self.hidden, MAX_HIDDEN_LAYERS, MAX_LAYER_SIZE))
        check_choice("activation", self.activation, tuple(ELEMENT_WISE))
        check_number(self, "dropout", 0, 1, below=True)
        if self.loss is not None:
            check_choice("loss", self.loss, tuple(dict.fromkeys(loss for _, loss in OUTPUT_OF)))
            if (self.task, self.loss) not in OUTPUT_OF:
                fitting = " or ".join(loss for task, loss in OUTPUT_OF if task == self.task)
                raise InvalidConfiguration("loss", f"the loss {self.loss} does not go with {self.task}", fitting)
        check_integer("epochs", self.epochs, 1, MAX_EPOCHS)
        check_integer("batch_size", self.batch_size, 1, MAX_BATCH_SIZE)
        check_number(self, "validation_fraction", 0, 0.5)
        check_number(self, "test_fraction", 0, 0.5)
        if self.validation_fraction + self.test_fraction > 0.9:
            raise InvalidConfiguration(
                "test_fraction", "validation and test leave too little to train on", "a sum of at most 0.9"
            )
        check_number(self, "l2", 0, 1e6)
        if self.clip is not None:
            check_number(self, "clip", 0, 1e6, above=True)
        check_integer("seed", self.seed, 0, MAX_SEED)
        check_size(self.hidden, 1, 1)

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
        if values.get("early_stopping") is not None:
            stopping = known_fields(EarlyStopping, values["early_stopping"], "early_stopping.")
            values["early_stopping"] = EarlyStopping(**stopping)
        return cls(**values)


def check_size(hidden: Sequence[int], n_inputs: int, n_outputs: int) -> None:
    """Refuse a network of too many parameters, before anything of its size is allocated."""
    count = parameter_count((n_inputs, *hidden, n_outputs))
    if count > MAX_PARAMETERS:
        raise InvalidConfiguration(
            "hidden", f"the network would have {count:,} parameters", f"at most {MAX_PARAMETERS:,} parameters"
        )
