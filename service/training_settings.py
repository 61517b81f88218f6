"""The settings of a training, from a request to core's configuration and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.configuration import TrainingConfig
from core.errors import InvalidConfiguration
from core.schedules import FIELDS_OF
from service.problems import Problem, pointer, problem_at
from service.schemas.train import TrainRequest

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
    try:
        return TrainingConfig.from_dict(training_fields(request, task, n_rows, inferred))
    except InvalidConfiguration as error:
        raise configuration_problem(error) from None


def training_fields(request: TrainRequest, task: str, n_rows: int, inferred: dict[str, Any]) -> dict[str, Any]:
    """The fields of core's configuration that the request gives, or that are chosen by the table.

    What an optimizer or a schedule takes by itself is absent, so that it goes with whichever one a search puts there.
    """
    batch_size, test_fraction = request.batch_size, request.test_fraction
    if batch_size is None:
        batch_size = 128 if n_rows >= LARGE_TABLE_ROWS else 32
        inferred["batch_size"] = _choice(batch_size, f"{n_rows:,} rows; 128 from {LARGE_TABLE_ROWS:,}, else 32")
    if test_fraction is None:
        test_fraction = 0.15 if n_rows >= TEST_PART_FROM_ROWS else 0.0
        inferred["test_fraction"] = _choice(test_fraction, f"{n_rows:,} rows; 0.15 from {TEST_PART_FROM_ROWS}, else 0")
    stopping = request.early_stopping
    network = request.network
    check_optimizer(optimizer := request.optimizer.model_dump(exclude_none=True))
    return {
        "task": task,
        **{name: getattr(network, name) for name in _NETWORK_FIELDS},
        "loss": request.loss,
        "optimizer": optimizer,
        "schedule": request.schedule.model_dump(exclude_none=True),
        "batch_size": batch_size,
        "test_fraction": test_fraction,
        "early_stopping": None if stopping is None else stopping.model_dump(),
        **{name: getattr(request, name) for name in _PLAIN_FIELDS},
    }


def check_optimizer(given: Mapping[str, Any]) -> None:
    """Refuse fields of another optimizer, even where they would do nothing."""
    name = given.get("name", "adam")
    own = _OPTIMIZER_FIELDS.get(name)
    taken = ("learning_rate", *(own or ()))
    for field in given:
        # A weight decay that does not fit is refused by core, which says which optimizer takes one.
        if own is not None and field not in ("name", "weight_decay", *taken):
            detail = f"The optimizer {name} takes no {field}; it takes {', '.join(taken)}."
            raise problem_at("invalid_configuration", detail, pointer=pointer("optimizer", field))


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
    shown["search"] = shown_search(config)
    shown |= {name: config.get(name) for name in ("time_limit_seconds", "memory_limit_bytes")}
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


def shown_search(config: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a search asks for; None of any other job."""
    search = config.get("search")
    return None if search is None else {name: value for name, value in search.items() if name != "fields"}


def _choice(value: Any, reason: str) -> dict[str, Any]:
    return {"value": value, "reason": reason}
