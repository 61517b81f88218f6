"""Optimizers: how a gradient changes the flat parameter vector, in place.

Symbols: ε the learning rate, μ the momentum, g the gradient, v and m moving averages, t the number of this update
from 1. What an optimizer remembers lies in `vectors`, owned by who trains, so that it can be saved. All updates are
element-wise on the flat vectors and allocate nothing.
"""

import math
from typing import Protocol

import numpy as np

from core.arrays import FloatArray
from core.optimizer_config import OptimizerConfig

Vectors = dict[str, FloatArray]


class Optimizer(Protocol):
    """What training asks of an optimizer; it sets the learning rate before each update."""

    learning_rate: float

    def initial(self, parameters: FloatArray) -> Vectors:
        """The vectors to remember before the first update."""

    def update(self, parameters: FloatArray, gradient: FloatArray, vectors: Vectors, t: int, /) -> None:
        """Make the t-th update of the parameters and of the vectors, in place."""


class SGD:
    """Stochastic gradient descent: the paper's ΔW = −ε · gradient, or with momentum v ← μ v − ε g, Δ = v.

    Nesterov's form looks ahead by one step of the velocity: Δ = μ v − ε g with the new v.
    """

    def __init__(self, learning_rate: float, momentum: float, nesterov: bool) -> None:
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.nesterov = nesterov
        self._change: FloatArray = np.empty(0)

    def initial(self, parameters: FloatArray) -> Vectors:
        """The velocity, zero, when there is momentum."""
        return {"velocity": np.zeros_like(parameters)} if self.momentum else {}

    def update(self, parameters: FloatArray, gradient: FloatArray, vectors: Vectors, _t: int, /) -> None:
        """One step of descent."""
        change = self._change = _scratch(self._change, parameters)
        np.multiply(gradient, -self.learning_rate, out=change)
        if self.momentum:
            velocity = vectors["velocity"]
            velocity *= self.momentum
            velocity += change  # [MOMENTUM]
            if self.nesterov:
                gradient = np.multiply(velocity, self.momentum, out=gradient)
                change += gradient  # [NESTEROV]
            else:
                change = velocity
        parameters += change  # [SGD]


class Adam:
    """Adam (Kingma and Ba, 2015, Algorithm 1): Δ = −ε m̂ / (√v̂ + 1e-8), m̂ and v̂ corrected for their start at zero."""

    def __init__(self, learning_rate: float, beta_1: float, beta_2: float, epsilon: float) -> None:
        self.learning_rate = learning_rate
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self._change: FloatArray = np.empty(0)

    def initial(self, parameters: FloatArray) -> Vectors:
        """The moving averages of g and of g², zero."""
        return {"m": np.zeros_like(parameters), "v": np.zeros_like(parameters)}

    def update(self, parameters: FloatArray, gradient: FloatArray, vectors: Vectors, t: int, /) -> None:
        """One step of Adam."""
        m, v = vectors["m"], vectors["v"]
        change = self._change = _scratch(self._change, parameters)
        m *= self.beta_1
        m += np.multiply(gradient, 1 - self.beta_1, out=change)
        v *= self.beta_2
        v += np.multiply(np.square(gradient, out=change), 1 - self.beta_2, out=change)
        np.sqrt(v, out=change)
        change /= math.sqrt(1 - self.beta_2**t)
        change += self.epsilon
        np.divide(m, change, out=change)
        change *= self.learning_rate / (1 - self.beta_1**t)
        parameters -= change  # [ADAM]


def optimizer_of(config: OptimizerConfig) -> Optimizer:
    """The optimizer that a configuration names; adamw is Adam beside `core.weight_decay`."""
    if config.name == "sgd":
        return SGD(config.learning_rate, config.momentum, config.nesterov)
    return Adam(config.learning_rate, config.beta_1, config.beta_2, config.epsilon)


def _scratch(previous: FloatArray, like: FloatArray) -> FloatArray:
    same = previous.shape == like.shape and previous.dtype == like.dtype
    return previous if same else np.empty_like(like)
