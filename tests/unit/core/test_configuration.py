"""The configuration: defaults, what is refused and by which field, and the way through JSON."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.configuration import (
    OUTPUT_OF,
    TASKS,
    EarlyStopping,
    OptimizerConfig,
    ScheduleConfig,
    TrainingConfig,
    check_size,
)
from core.errors import InvalidConfiguration
from core.losses import OUTPUTS_OF
from core.optimizer_config import DEFAULT_LEARNING_RATE, DEFAULT_WEIGHT_DECAY

FULL = TrainingConfig(
    task="classification",
    hidden=(3, 4),
    activation="gelu",
    dropout=0.5,
    input_dropout=0.2,
    loss="mse",
    optimizer=OptimizerConfig("sgd", 0.1, 0.9, True),
    epochs=7,
    batch_size=5,
    validation_fraction=0.2,
    test_fraction=0.3,
    early_stopping=EarlyStopping("validation_macro_f1", patience=3),
    schedule=ScheduleConfig("cosine", warmup_epochs=2, min_learning_rate=0.01),
    max_seconds=60.0,
    class_weights={"a": 2.0},
    l1=0.02,
    l2=0.01,
    max_norm=3.0,
    max_gradient_norm=1.0,
    clip=None,
    seed=9,
)
SMOOTHED = TrainingConfig(task="multilabel", label_smoothing=0.1, optimizer=OptimizerConfig("adamw", weight_decay=0.1))
HUBER = TrainingConfig(task="regression", loss="huber", huber_delta=2.5)


def test_the_defaults_are_those_of_the_contract():
    config = TrainingConfig(task="classification")
    assert (config.hidden, config.activation, config.dropout) == ((128, 64), "relu", 0.0)
    assert config.optimizer == OptimizerConfig("adam", 0.001)
    assert OptimizerConfig("sgd").learning_rate == DEFAULT_LEARNING_RATE["sgd"] == 0.01
    assert (config.epochs, config.batch_size, config.validation_fraction, config.test_fraction) == (200, 32, 0.1, 0.0)
    assert config.early_stopping == EarlyStopping("validation_loss", 20, 1e-4)
    assert (config.l2, config.clip, config.seed) == (0.0, 5.0, 0)


@pytest.mark.parametrize(
    ("task", "loss", "output"),
    [
        ("classification", "cross_entropy", "softmax"),
        ("regression", "mse", "identity"),
        ("multilabel", "binary_cross_entropy", "sigmoid"),
        ("distribution", "cross_entropy", "softmax"),
    ],
)
def test_a_task_has_a_usual_loss_and_its_output(task, loss, output):
    config = TrainingConfig(task=task)
    assert (config.resolved_loss, config.output_activation) == (loss, output)


def test_every_permitted_task_and_loss_is_a_pair_that_the_losses_permit():
    for (task, loss), output in OUTPUT_OF.items():
        assert output in OUTPUTS_OF[loss]
        assert TrainingConfig(task=task, loss=loss).output_activation == output


@pytest.mark.parametrize("config", [FULL, SMOOTHED, HUBER, *(TrainingConfig(task=task) for task in TASKS)])
def test_a_configuration_survives_json(config):
    assert TrainingConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_early_stopping_can_be_off_in_json():
    config = TrainingConfig.from_dict({"task": "regression", "early_stopping": None})
    assert config.early_stopping is None
    assert TrainingConfig.from_dict(config.to_dict()) == config


REFUSED = [
    ("task", "clustering"),
    ("task", ["regression"]),
    ("hidden", 5),
    ("hidden", [1] * 65),
    ("hidden.0", [0]),
    ("hidden.1", [4, -1]),
    ("hidden.0", [10**9]),
    ("hidden.0", [10**5000]),
    ("hidden.0", [True]),
    ("hidden.0", ["8"]),
    ("hidden.0", [8.0]),
    ("hidden", [65_536, 65_536]),
    ("activation", "softmax"),
    ("input_dropout", 1.0),
    ("huber_delta", 1.0),
    ("label_smoothing", 1),
    ("l1", -0.1),
    ("max_norm", 0),
    ("max_gradient_norm", -1),
    ("max_seconds", 0),
    ("class_weights", "equal"),
    ("class_weights", 5),
    ("class_weights.a", {"a": 0}),
    ("class_weights.a", {"b": 1, "a": True}),
    ("class_weights.a", {"a": "2"}),
    ("dropout", 1),
    ("dropout", -0.1),
    ("dropout", False),
    ("loss", "hinge"),
    ("loss", "binary_cross_entropy"),
    ("epochs", 0),
    ("epochs", 10**9),
    ("epochs", 1.0),
    ("batch_size", 0),
    ("validation_fraction", 0.6),
    ("test_fraction", -0.1),
    ("l2", -1),
    ("l2", math.inf),
    ("clip", 0),
    ("clip", "5"),
    ("seed", -1),
    ("seed", 2**53),
]


@pytest.mark.parametrize(("field", "value"), REFUSED)
def test_a_setting_that_cannot_be_is_refused_by_its_field(field, value):
    with pytest.raises(InvalidConfiguration) as refused:
        TrainingConfig.from_dict({"task": "classification", field.partition(".")[0]: value})
    assert refused.value.field == field
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("optimizer", "name", "rmsprop"),
        *(("optimizer", "learning_rate", value) for value in (0, -1, math.nan, math.inf, "0.1", True, 10**400)),
        ("optimizer", "momentum", 0.5),
        ("optimizer", "nesterov", 1),
        ("optimizer", "beta_1", 1),
        ("optimizer", "beta_2", 1.0),
        ("optimizer", "epsilon", 0),
        ("optimizer", "weight_decay", -1),
        ("optimizer", "weight_decay", 0.1),
        ("optimizer", "learning_rate", {"name": "lbfgs", "learning_rate": 0.1}),
        ("optimizer", "weight_decay", {"name": "lbfgs", "weight_decay": 0.1}),
        ("optimizer", "momentum", {"name": "lbfgs", "momentum": 0.1}),
        ("early_stopping", "metric", "test_loss"),
        ("early_stopping", "metric", "validation_macro_f1"),
        ("schedule", "name", "exponential"),
        ("schedule", "warmup_epochs", -1),
        ("schedule", "step_epochs", 0),
        ("schedule", "factor", 1),
        ("schedule", "patience", 0),
        ("schedule", "min_delta", -1),
        ("schedule", "min_learning_rate", -1),
        ("early_stopping", "patience", 0),
        ("early_stopping", "min_delta", -1),
    ],
)
def test_a_setting_of_a_part_is_refused_by_its_path(part, name, value):
    with pytest.raises(InvalidConfiguration) as refused:
        TrainingConfig.from_dict({"task": "regression", part: value if isinstance(value, dict) else {name: value}})
    assert refused.value.field == f"{part}.{name}"


def test_adamw_has_a_usual_weight_decay_and_the_others_none():
    assert OptimizerConfig("adamw").weight_decay == DEFAULT_WEIGHT_DECAY["adamw"] == 0.01
    assert OptimizerConfig("adamw").learning_rate == 0.001
    assert OptimizerConfig("adam").weight_decay == OptimizerConfig("sgd").weight_decay == 0
    assert OptimizerConfig("sgd", weight_decay=0.1).weight_decay == 0.1


def test_the_huber_loss_has_a_usual_delta_and_the_others_none():
    assert TrainingConfig(task="regression", loss="huber").huber_delta == 1.0
    assert TrainingConfig(task="regression").huber_delta is None
    with pytest.raises(InvalidConfiguration) as refused:
        TrainingConfig(task="regression", loss="huber", huber_delta=0)
    assert refused.value.field == "huber_delta"


@pytest.mark.parametrize(
    "option",
    [
        {"dropout": 0.1},
        {"input_dropout": 0.1},
        {"l1": 0.1},
        {"max_norm": 1.0},
        {"max_gradient_norm": 1.0},
        {"schedule": ScheduleConfig(warmup_epochs=2)},
    ],
)
def test_lbfgs_takes_nothing_that_changes_the_function_on_the_way(option):
    with pytest.raises(InvalidConfiguration, match="lbfgs takes no") as refused:
        TrainingConfig(task="regression", optimizer=OptimizerConfig("lbfgs"), **option)
    assert [refused.value.field] == list(option)


def test_lbfgs_is_for_small_networks():
    check_size((1000,), 900, 10, "lbfgs")
    with pytest.raises(InvalidConfiguration, match="for small networks") as refused:
        check_size((1000,), 1000, 10, "lbfgs")
    assert refused.value.field == "optimizer.name"


def test_only_a_classification_has_class_weights():
    assert TrainingConfig(task="classification", class_weights="balanced").class_weights == "balanced"
    with pytest.raises(InvalidConfiguration, match="multilabel has no classes"):
        TrainingConfig(task="multilabel", class_weights="balanced")


def test_a_schedule_may_not_end_above_where_it_begins():
    cosine = {"name": "cosine", "min_learning_rate": 0.01}
    with pytest.raises(InvalidConfiguration, match="above the learning rate") as refused:
        TrainingConfig.from_dict({"task": "regression", "schedule": cosine})
    assert refused.value.field == "schedule.min_learning_rate"


def test_label_smoothing_needs_a_cross_entropy():
    with pytest.raises(InvalidConfiguration, match="the loss mse takes no label smoothing"):
        TrainingConfig(task="classification", loss="mse", label_smoothing=0.1)


def test_nesterov_needs_a_momentum():
    with pytest.raises(InvalidConfiguration, match="nesterov needs a momentum"):
        OptimizerConfig("sgd", nesterov=True)


def test_parts_that_leave_too_little_to_train_on_are_refused():
    with pytest.raises(InvalidConfiguration, match="too little to train on"):
        TrainingConfig(task="regression", validation_fraction=0.5, test_fraction=0.5)


def test_the_task_is_required():
    with pytest.raises(InvalidConfiguration, match="task: it is missing"):
        TrainingConfig.from_dict({})


@pytest.mark.parametrize("part", ["optimizer", "early_stopping", "schedule"])
def test_a_part_must_be_an_object(part):
    with pytest.raises(InvalidConfiguration, match="it is not an object"):
        TrainingConfig.from_dict({"task": "regression", part: "adam"})


def test_an_unknown_field_is_refused_with_the_nearest_name():
    with pytest.raises(InvalidConfiguration) as refused:
        TrainingConfig.from_dict({"task": "regression", "optimizer": {"lerning_rate": 0.1}})
    assert (refused.value.field, refused.value.expected) == ("optimizer.lerning_rate", "learning_rate")
    with pytest.raises(InvalidConfiguration, match="one of task, hidden"):
        TrainingConfig.from_dict({"task": "regression", "zzz": 1})


def test_the_usual_learning_rate_can_be_asked_for_by_null():
    config = TrainingConfig.from_dict({"task": "regression", "optimizer": {"name": "sgd", "learning_rate": None}})
    assert config.optimizer.learning_rate == 0.01


def test_a_network_that_is_too_large_is_refused_before_it_is_allocated():
    check_size((128, 64), 784, 10)
    with pytest.raises(InvalidConfiguration, match="parameters") as refused:
        check_size((65_536,), 10_000, 10)
    assert refused.value.field == "hidden"


@given(
    st.dictionaries(
        st.sampled_from(["task", "hidden", "optimizer", "early_stopping", "loss", "seed", "clip", "x"]),
        st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text("aβ\0"), st.lists, max_leaves=4),
    )
)
def test_whatever_json_holds_it_is_read_or_refused(data):
    try:
        config = TrainingConfig.from_dict(data)
    except InvalidConfiguration:
        return
    assert TrainingConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
