"""The space of a search: bounds and choices, and their place in a configuration."""

import math

import pytest

from core.configuration import TrainingConfig
from core.errors import InvalidConfiguration
from core.search_space import SEARCHABLE, Parameter, with_values

RATE = {"path": "optimizer.learning_rate", "type": "float", "low": 1e-4, "high": 0.1, "log": True}
SIZES = {"path": "batch_size", "type": "int", "low": 16, "high": 64}
LAYERS = {"path": "network.hidden", "type": "choice", "choices": [[8], [8, 4], []]}


@pytest.mark.parametrize(
    ("base", "change", "field"),
    [
        (RATE, {"path": "dataset"}, "path"),
        (RATE, {"type": "real"}, "type"),
        (RATE, {"log": 1}, "log"),
        (RATE, {"choices": [1]}, "choices"),
        (RATE, {"low": None}, "low"),
        (RATE, {"high": None}, "high"),
        (RATE, {"high": math.inf}, "high"),
        (RATE, {"high": math.nan}, "high"),
        (RATE, {"low": True}, "low"),
        (RATE, {"low": 0.1}, "low"),
        (RATE, {"low": 0.2}, "low"),
        (RATE, {"low": 0.0}, "low"),
        (SIZES, {"low": 16.0}, "low"),
        (SIZES, {"low": 0, "log": True}, "low"),
        (SIZES, {"high": 10**30}, "high"),
        (LAYERS, {"low": 1}, "low"),
        (LAYERS, {"high": 1}, "high"),
        (LAYERS, {"log": True}, "log"),
        (LAYERS, {"choices": None}, "choices"),
        (LAYERS, {"choices": []}, "choices"),
        (LAYERS, {"choices": list(range(101))}, "choices"),
        (LAYERS, {"choices": [[8], [4], [8]]}, "choices.2"),
    ],
)
def test_what_is_no_space_is_refused_by_the_parameters_own_field(base, change, field):
    with pytest.raises(InvalidConfiguration) as refusal:
        Parameter(**{**base, **change})
    assert refusal.value.field == field


def test_a_float_without_a_logarithm_may_begin_below_0_and_holds_floats():
    parameter = Parameter("clip", "float", low=-1, high=1)
    assert parameter.bounds == (-1.0, 1.0)
    assert all(type(bound) is float for bound in parameter.bounds)


def test_choices_that_compare_equal_in_python_are_different_values():
    parameter = Parameter("seed", "choice", choices=[1, 1.0, True, None, "1"])
    assert [parameter.index(value) for value in parameter.values] == [0, 1, 2, 3, 4]


def test_the_ends_are_the_bounds_or_all_choices():
    assert list(Parameter(**RATE).ends()) == [("low", 1e-4), ("high", 0.1)]
    assert list(Parameter(**LAYERS).ends()) == [("choices.0", [8]), ("choices.1", [8, 4]), ("choices.2", [])]


def test_values_are_counted():
    assert [Parameter(**each).count() for each in (RATE, SIZES, LAYERS)] == [math.inf, 49, 3]


@pytest.mark.parametrize("given", [RATE, SIZES, LAYERS])
def test_a_parameter_comes_back_from_its_dict(given):
    parameter = Parameter(**given)
    assert Parameter(parameter.path, **parameter.to_dict()) == parameter


def test_values_are_put_at_their_places_and_the_fields_stay_as_they_were():
    fields = {"task": "regression", "l2": 0.5, "optimizer": {"name": "sgd"}, "early_stopping": {"patience": 3}}
    values = {
        "network.hidden": [5],
        "optimizer.momentum": 0.9,
        "early_stopping.patience": 7,
        "l2": 0.0,
        "schedule.name": "step",
    }
    config = TrainingConfig.from_dict(with_values(fields, values))
    assert (config.hidden, config.optimizer.momentum, config.l2) == ((5,), 0.9, 0.0)
    assert (config.optimizer.name, config.early_stopping.patience, config.schedule.name) == ("sgd", 7, "step")
    assert fields["optimizer"] == {"name": "sgd"}


def test_defaults_go_with_the_optimizer_that_was_put_there():
    config = TrainingConfig.from_dict(with_values({"task": "regression", "optimizer": {}}, {"optimizer.name": "adamw"}))
    assert config.optimizer.weight_decay == 0.01


def test_patience_cannot_be_searched_where_early_stopping_is_off():
    with pytest.raises(InvalidConfiguration, match="early_stopping is off"):
        with_values({"early_stopping": None}, {"early_stopping.patience": 3})


@pytest.mark.parametrize("path", SEARCHABLE)
def test_every_searchable_setting_is_one_of_a_training(path):
    config = TrainingConfig("regression")
    field = path.removeprefix("network.")
    group, _, name = field.rpartition(".")
    assert hasattr(getattr(config, group) if group else config, name)
