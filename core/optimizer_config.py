"""The configuration of an optimizer."""

from dataclasses import dataclass
from typing import cast

from core.configuration_checks import check_boolean, check_choice, check_number
from core.errors import InvalidConfiguration

LBFGS = "lbfgs"
DEFAULT_LEARNING_RATE = {"adam": 0.001, "adamw": 0.001, "sgd": 0.01, LBFGS: 1.0}
DEFAULT_WEIGHT_DECAY = {"adamw": 0.01}


@dataclass(frozen=True)
class OptimizerConfig:
    """An optimizer by name, with its numbers; None for `learning_rate` or `weight_decay` takes its usual one.

    `weight_decay` shrinks the weights by ε · weight_decay of themselves at every update, apart from the gradient
    (Loshchilov and Hutter 2019); with adam there is none: that is adamw. L-BFGS has no number at all: a line search
    chooses the length of its steps, near 1.
    """

    name: str = "adam"
    learning_rate: float = cast(float, None)
    momentum: float = 0.0
    nesterov: bool = False
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = cast(float, None)

    def __post_init__(self) -> None:
        check_choice("optimizer.name", self.name, tuple(DEFAULT_LEARNING_RATE))
        if cast(float | None, self.learning_rate) is None:
            object.__setattr__(self, "learning_rate", DEFAULT_LEARNING_RATE[self.name])
        if cast(float | None, self.weight_decay) is None:
            object.__setattr__(self, "weight_decay", DEFAULT_WEIGHT_DECAY.get(self.name, 0.0))
        check_number(self, "optimizer.learning_rate", 0, 1000, above=True)
        check_number(self, "optimizer.momentum", 0, 1, below=True)
        check_boolean("optimizer.nesterov", self.nesterov)
        check_number(self, "optimizer.beta_1", 0, 1, below=True)
        check_number(self, "optimizer.beta_2", 0, 1, below=True)
        check_number(self, "optimizer.epsilon", 0, 1, above=True)
        check_number(self, "optimizer.weight_decay", 0, 1000)
        if self.name != "sgd" and (self.momentum or self.nesterov):
            raise InvalidConfiguration("optimizer.momentum", f"{self.name} takes no momentum", "the optimizer sgd")
        if self.nesterov and not self.momentum:
            raise InvalidConfiguration("optimizer.nesterov", "nesterov needs a momentum", "a momentum above 0")
        if self.name in ("adam", LBFGS) and self.weight_decay:
            raise InvalidConfiguration(
                "optimizer.weight_decay", f"{self.name} takes no weight decay", "the optimizer adamw"
            )
        if self.name == LBFGS and self.learning_rate != DEFAULT_LEARNING_RATE[LBFGS]:
            raise InvalidConfiguration("optimizer.learning_rate", f"{LBFGS} searches for its steps", "none")
