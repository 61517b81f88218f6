"""Every form of a training step is the same function: the clear form's, after 100 steps, for every option it knows."""

import itertools

import numpy as np
import pytest

from core.activations import ELEMENT_WISE
from core.configuration import OUTPUT_OF, OptimizerConfig, ScheduleConfig
from core.engine import small
from core.network import MLP
from core.training import Trainer

TOLERANCE = {np.float64: 1e-10, np.float32: 1e-4}
"""Of the parameters, relative, by norm."""

FAST = ["small", "large"]
ROWS = 201  # 25 batches of 8 and one of a single row: four epochs are 104 steps

OPTIMIZERS = {
    "adam": OptimizerConfig(),
    "adam with other betas": OptimizerConfig(beta_1=0.0, beta_2=0.5),
    "adamw": OptimizerConfig("adamw", weight_decay=0.1),
    "sgd": OptimizerConfig("sgd"),
    "sgd with decay": OptimizerConfig("sgd", weight_decay=0.1),
    "momentum": OptimizerConfig("sgd", momentum=0.9),
    "nesterov": OptimizerConfig("sgd", momentum=0.9, nesterov=True),
}

WEIGHTS = np.random.default_rng(1).random(ROWS, dtype=np.float32) * 3
WEIGHTS[::7] = 0

OPTIONS = {
    "l1": {"l1": 0.01},
    "l2": {"l2": 0.1},
    "l1 and l2": {"l1": 0.01, "l2": 0.1, "optimizer": OptimizerConfig("sgd", momentum=0.9)},
    "max-norm": {"max_norm": 0.8},
    "max-norm and weight decay": {"max_norm": 0.8, "optimizer": OptimizerConfig("adamw", weight_decay=0.1)},
    "dropout": {"dropout": 0.3},
    "dropout of a curve": {"dropout": 0.3, "activation": "gelu"},
    "input dropout": {"input_dropout": 0.3},
    "smoothed labels": {"label_smoothing": 0.1},
    "smoothed tags": {"task": "multilabel", "label_smoothing": 0.1},
    "weights": {"weights": WEIGHTS},
    "weights of numbers": {"task": "regression", "weights": WEIGHTS, "l2": 0.01},
    "no hidden layer": {"hidden": ()},
    "one hidden layer": {"hidden": (7,)},
    "fewer units than threads": {"hidden": (2, 1), "threads": 3},
    "four hidden layers": {"hidden": (7, 6, 5, 4)},
    "all of them": {
        "task": "regression",
        "loss": "huber",
        "hidden": (9, 5, 5),
        "l1": 0.001,
        "l2": 0.01,
        "max_norm": 1.5,
        "dropout": 0.2,
        "input_dropout": 0.1,
        "weights": WEIGHTS,
        "optimizer": OptimizerConfig("adamw", weight_decay=0.1),
    },
}


def _trained(trainer: Trainer) -> tuple[MLP, list[tuple[float, ...]]]:
    reports = list(trainer.run())
    assert trainer.state.step >= 100
    return trainer.best_network(), [(r.train_loss, r.train_score, r.gradient_norm) for r in reports]


def _agree(trainer_of, form, dtype, **config):
    config = {"rows": ROWS, "epochs": 4, "early_stopping": None, "dtype": dtype, **config}
    subject = trainer_of(**{**form, **config})
    assert subject.engine.startswith(form["engine"])
    fast, said = _trained(subject)
    clear, expected = _trained(trainer_of(**{**config, "engine": "clear"}))
    distance = np.linalg.norm(fast.parameters.astype(float) - clear.parameters)
    assert distance <= TOLERANCE[dtype] * np.linalg.norm(clear.parameters.astype(float))
    np.testing.assert_allclose(said, expected, rtol=10 * TOLERANCE[dtype], atol=TOLERANCE[dtype])


LOSSES_OF_TASKS = [f"{task}-{loss}" for task, loss in OUTPUT_OF]


@pytest.mark.parametrize("form", FAST, indirect=True)
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(("activation", "task_and_loss"), list(itertools.product(ELEMENT_WISE, LOSSES_OF_TASKS)))
def test_every_activation_and_loss(trainer_of, form, dtype, activation, task_and_loss):
    task, loss = task_and_loss.split("-")
    _agree(trainer_of, form, dtype, task=task, loss=loss, activation=activation)


@pytest.mark.parametrize("form", FAST, indirect=True)
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(("name", "task_and_loss"), list(itertools.product(OPTIMIZERS, LOSSES_OF_TASKS)))
def test_every_optimizer_and_loss(trainer_of, form, dtype, name, task_and_loss):
    task, loss = task_and_loss.split("-")
    _agree(trainer_of, form, dtype, task=task, loss=loss, optimizer=OPTIMIZERS[name])


@pytest.mark.parametrize("form", FAST, indirect=True)
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", OPTIONS)
def test_every_other_option(trainer_of, form, dtype, name):
    _agree(trainer_of, form, dtype, **OPTIONS[name])


@pytest.mark.parametrize("form", ["small"], indirect=True)
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("optimizer", ["adam", "sgd", "momentum"])
@pytest.mark.parametrize("limit", [0.01, 0.3, 1e6])
def test_clipping_by_norm(trainer_of, form, dtype, optimizer, limit):
    _agree(trainer_of, form, dtype, max_gradient_norm=limit, optimizer=OPTIMIZERS[optimizer], l2=0.01)


VANISHING = ScheduleConfig("step", step_epochs=1, factor=1e-140)
"""After an epoch at the whole rate, two at next to nothing, and one at 0."""


@pytest.mark.parametrize("form", FAST, indirect=True)
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "adam"])
def test_a_rate_that_falls_to_nothing(trainer_of, form, dtype, optimizer):
    """The gradient has its norm all the same."""
    _agree(trainer_of, form, dtype, optimizer=OPTIMIZERS[optimizer], schedule=VANISHING)


@pytest.mark.parametrize("form", ["small"], indirect=True)
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_a_gradient_is_clipped_whatever_the_rate(trainer_of, form, dtype):
    momentum = OPTIMIZERS["momentum"]
    _agree(trainer_of, form, dtype, optimizer=momentum, schedule=VANISHING, max_gradient_norm=0.3)


@pytest.mark.parametrize("form", FAST, indirect=True)
def test_targets_that_do_not_quite_sum_to_one(trainer_of, form, monkeypatch):
    """A distribution's may be off by 1e-4, which the loss and its gradient must not ignore."""
    monkeypatch.setitem(TOLERANCE, np.float64, 1e-12)
    shifted = {"task": "distribution", "move_targets": 5e-5}
    _agree(trainer_of, form, np.float64, **shifted)


@pytest.mark.parametrize("form", ["small"], indirect=True)
def test_rows_that_are_too_many_to_be_copied(trainer_of, form, monkeypatch):
    monkeypatch.setattr(small, "ELEMENTS_WITH_ONES", 0)
    _agree(trainer_of, form, np.float64, input_dropout=0.2)
