"""The settings of a training, from a request to core's configuration and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.configuration import EarlyStopping, OptimizerConfig, ScheduleConfig, TrainingConfig
from core.errors import InvalidConfiguration
from core.schedules import FIELDS_OF
from service.problems import Problem, pointer, problem_at
from service.schemas.train import OptimizerRequest, TrainRequest

LARGE_TABLE_ROWS = 10_000
TEST_PART_FROM_ROWS = 200
_NETWORK_FIELDS = ("hidden", "activation", "dropout", "input_dropout")
# Those whose names and values are core's.
_PLAIN_FIELDS = (
    "epochs",
    "validation_fraction",
    "class_weights",
    "max_seconds",
    "huber_delta",
    "label_smoothing",
    "l1",
    "l2",
    "max_norm",
    "max_gradient_norm",
    "clip",
    "seed",
)
_CHOSEN_FIELDS = ("batch_size", "test_fraction", "early_stopping")
_OPTIMIZER_FIELDS: Mapping[str, Sequence[str]] = {
    "adam": ("beta_1", "beta_2", "epsilon"),
    "adamw": ("beta_1", "beta_2", "epsilon", "weight_decay"),
    "lbfgs": (),
    "sgd": ("momentum", "nesterov", "weight_decay"),
}


def training_config(request: TrainRequest, task: str, n_rows: int, inferred: dict[str, Any]) -> TrainingConfig:
    """Core's configuration; what was left open is chosen, and noted with its reason in `inferred`.

    Raises
    ------
    Problem
        422 ``invalid_configuration``, with the pointer of the field.
    """
    batch_size, test_fraction = request.batch_size, request.test_fraction
    if batch_size is None:
        batch_size = 128 if n_rows >= LARGE_TABLE_ROWS else 32
        inferred["batch_size"] = _choice(batch_size, f"{n_rows:,} rows; 128 from {LARGE_TABLE_ROWS:,}, else 32")
    if test_fraction is None:
        test_fraction = 0.15 if n_rows >= TEST_PART_FROM_ROWS else 0.0
        inferred["test_fraction"] = _choice(test_fraction, f"{n_rows:,} rows; 0.15 from {TEST_PART_FROM_ROWS}, else 0")
    stopping = request.early_stopping
    plain = {name: getattr(request, name) for name in _PLAIN_FIELDS}
    try:
        return TrainingConfig(
            task=task,  # type: ignore[arg-type]  # one of the four, or core says so
            hidden=tuple(request.network.hidden),
            activation=request.network.activation,
            dropout=request.network.dropout,
            input_dropout=request.network.input_dropout,
            loss=request.loss,
            optimizer=OptimizerConfig(**_optimizer(request.optimizer)),
            schedule=ScheduleConfig(**request.schedule.model_dump(exclude_none=True)),
            batch_size=batch_size,
            test_fraction=test_fraction,
            early_stopping=None if stopping is None else EarlyStopping(**stopping.model_dump()),
            **plain,
        )
    except InvalidConfiguration as error:
        raise configuration_problem(error) from None


def _optimizer(request: OptimizerRequest) -> dict[str, Any]:
    """The optimizer's fields, those of another optimizer refused even where they would do nothing."""
    given = request.model_dump(exclude_none=True)
    own = _OPTIMIZER_FIELDS.get(request.name)
    taken = ("learning_rate", *(own or ()))
    for name in given:
        # A weight decay that does not fit is refused by core, which says which optimizer takes one.
        if own is not None and name not in ("name", "weight_decay", *taken):
            detail = f"The optimizer {request.name} takes no {name}; it takes {', '.join(taken)}."
            raise problem_at("invalid_configuration", detail, pointer=pointer("optimizer", name))
    return given


def configuration_problem(error: InvalidConfiguration) -> Problem:
    """A setting that core refuses, as a problem with the pointer of its field in the request."""
    path = error.field.split(".")
    if path[0] in _NETWORK_FIELDS:
        path.insert(0, "network")
    detail = f"{error.field}: {error.detail}; expected {error.expected}."
    return problem_at("invalid_configuration", detail, pointer=pointer(*path))


def shown_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """A job's configuration as the request that would ask for it, defaults filled in; `inferred` besides."""
    training = TrainingConfig.from_dict(config["training"])
    plain, optimizer = training.to_dict(), training.optimizer
    shown = {name: config.get(name) for name in ("dataset", "target", "model", "features", "task")}
    shown["sample_weight"] = config.get("sample_weight")
    start, folds = config.get("initialize_from"), config.get("folds", 0)
    shown["initialize_from"] = None if start is None else {name: start[name] for name in ("model", "version")}
    shown["cross_validation"] = {"folds": folds} if folds else None
    shown["importance_repeats"] = config.get("importance_repeats", 0)
    shown["network"] = {name: plain[name] for name in _NETWORK_FIELDS}
    shown["loss"] = training.resolved_loss
    names = ("name", "learning_rate", *_OPTIMIZER_FIELDS[optimizer.name])
    shown["optimizer"] = {name: getattr(optimizer, name) for name in names}
    schedule = training.schedule
    names = ("name", "warmup_epochs", *sorted(FIELDS_OF[schedule.name]))
    shown["schedule"] = {name: getattr(schedule, name) for name in names}
    shown |= {name: plain[name] for name in (*_CHOSEN_FIELDS, *_PLAIN_FIELDS)}
    shown["inferred"] = config.get("inferred", {})
    return shown


def _choice(value: Any, reason: str) -> dict[str, Any]:
    return {"value": value, "reason": reason}
