"""From a request to train and a dataset to a job's configuration: defaults chosen, targets checked up front."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.configuration import EarlyStopping, OptimizerConfig, TrainingConfig, check_size
from core.errors import DataError, EncodingError, InvalidConfiguration, NotEnoughRows
from core.splits import MINIMUM_ROWS, split_rows
from core.table import CategoryColumn, Column, NumberColumn, Table
from core.targets import ClassValue, TargetEncoding
from service.problems import ErrorItem, Problem, pointer, problem_at, problem_of
from service.schemas.train import OptimizerRequest, TrainRequest
from service.target_choice import TargetChoice

LARGE_TABLE_ROWS = 10_000
TEST_PART_FROM_ROWS = 200
RARE_CLASS_SHARE = 0.1
OPTIMIZER_FIELDS = {"sgd": ("momentum", "nesterov"), "adam": ("beta_1", "beta_2", "epsilon")}
_NETWORK_FIELDS = ("hidden", "activation", "dropout")
_PLAIN_FIELDS = (
    "epochs",
    "batch_size",
    "validation_fraction",
    "test_fraction",
    "early_stopping",
    "l2",
    "clip",
    "seed",
)


@dataclass(frozen=True)
class Plan:
    """What a training job is submitted with.

    Parameters
    ----------
    config : dict
        The job's `config`: dataset, target, features, model, task, training, inferred, passed_over.
    epochs : int
        At most this many.
    warnings : list of dict
        ``code``, ``column``, ``detail``.
    """

    config: dict[str, Any]
    epochs: int
    warnings: list[dict[str, Any]]


def make_plan(
    request: TrainRequest, dataset: str, model: str, choice: TargetChoice, table: Table, *, max_classes: int
) -> Plan:
    """The job's configuration.

    Parameters
    ----------
    dataset : str
        ``name@version``.
    table : Table
        The target columns, all rows.

    Raises
    ------
    Problem
        422, with the pointer of the field in the way.
    """
    usable = np.flatnonzero(~np.any([table[name].missing for name in choice.targets], axis=0))
    n_rows = len(usable)
    if n_rows < MINIMUM_ROWS:
        detail = f"{n_rows} rows have a value in the target; at least {MINIMUM_ROWS} are needed to train."
        raise problem_at("not_enough_rows", detail, pointer="/target")
    targets = {name: table[name].take(usable) for name in choice.targets}
    encoding = _fit(choice, targets, usable, max_classes)
    inferred = dict(choice.inferred)
    training = _training(request, choice.task, n_rows, inferred)
    _check_size(training, choice, encoding.n_outputs)
    strata = _class_indices(targets[choice.targets[0]]) if choice.task == "classification" else None
    _check_split(training, n_rows, strata)
    config = {
        "dataset": dataset,
        "target": request.target,
        "features": list(choice.features),
        "model": model,
        "task": choice.task,
        "training": training.to_dict(),
        "inferred": inferred,
        "passed_over": list(choice.passed_over),
    }
    return Plan(config, training.epochs, _rare_class(choice, strata))


def _training(request: TrainRequest, task: str, n_rows: int, inferred: dict[str, Any]) -> TrainingConfig:
    batch_size, test_fraction = request.batch_size, request.test_fraction
    if batch_size is None:
        batch_size = 128 if n_rows >= LARGE_TABLE_ROWS else 32
        inferred["batch_size"] = _choice(batch_size, f"{n_rows:,} rows; 128 from {LARGE_TABLE_ROWS:,}, else 32")
    if test_fraction is None:
        test_fraction = 0.15 if n_rows >= TEST_PART_FROM_ROWS else 0.0
        inferred["test_fraction"] = _choice(test_fraction, f"{n_rows:,} rows; 0.15 from {TEST_PART_FROM_ROWS}, else 0")
    given = _optimizer(request.optimizer)
    stopping = request.early_stopping
    try:
        return TrainingConfig(
            task=task,  # type: ignore[arg-type]  # one of the four, or core says so
            hidden=tuple(request.network.hidden),
            activation=request.network.activation,
            dropout=request.network.dropout,
            loss=request.loss,
            optimizer=OptimizerConfig(**given),
            epochs=request.epochs,
            batch_size=batch_size,
            validation_fraction=request.validation_fraction,
            test_fraction=test_fraction,
            early_stopping=None if stopping is None else EarlyStopping(**stopping.model_dump()),
            l2=request.l2,
            clip=request.clip,
            seed=request.seed,
        )
    except InvalidConfiguration as error:
        raise configuration_problem(error) from None


def _optimizer(request: OptimizerRequest) -> dict[str, Any]:
    given = request.model_dump(exclude_none=True)
    own = OPTIMIZER_FIELDS.get(request.name)
    for name in given:
        if own is not None and name not in ("name", "learning_rate", *own):
            detail = f"The optimizer {request.name} takes no {name}; it takes learning_rate, {', '.join(own)}."
            raise problem_at("invalid_configuration", detail, pointer=pointer("optimizer", name))
    return given


def configuration_problem(error: InvalidConfiguration) -> Problem:
    """A setting that core refuses, as a problem with the pointer of its field in the request."""
    path = error.field.split(".")
    if path[0] in _NETWORK_FIELDS:
        path.insert(0, "network")
    detail = f"{error.field}: {error.detail}; expected {error.expected}."
    return problem_at("invalid_configuration", detail, pointer=pointer(*path))


def _choice(value: Any, reason: str) -> dict[str, Any]:
    return {"value": value, "reason": reason}


def _fit(choice: TargetChoice, targets: Table, usable: Any, max_classes: int) -> TargetEncoding:
    first = targets[choice.targets[0]]
    if choice.task == "classification" and (count := _class_count(first)) > max_classes:
        detail = f"The target has {count:,} classes; at most {max_classes:,} can be learnt."
        raise problem_at("too_many_classes", detail, pointer="/target")
    try:
        encoding = TargetEncoding.fit(targets, choice.targets, choice.task, _class_values(choice, first))  # type: ignore[arg-type]
        if choice.task in ("multilabel", "distribution"):
            encoding.transform(targets)
    except EncodingError as error:
        row = None if error.row is None else int(usable[error.row]) + 1
        detail = error.detail if row is None else re.sub(r"\brow \d+", f"row {row}", error.detail)
        item = ErrorItem("task_mismatch", _sentence(detail), pointer="/target", row=row, column=error.column)
        raise problem_of([item]) from None
    except DataError as error:
        raise problem_at(error.code, _sentence(error.detail, error.hint), pointer="/target") from None
    return encoding


def _class_count(column: Column) -> int:
    return len(np.unique(column.codes if isinstance(column, CategoryColumn) else column.values))


def _class_values(choice: TargetChoice, column: Column) -> list[ClassValue] | None:
    """Booleans where the column holds them as 0 and 1; None for the values as they are."""
    if choice.task != "classification" or not choice.boolean or not isinstance(column, NumberColumn):
        return None
    return [bool(value) for value in np.unique(column.values)]


def _class_indices(column: Column) -> Any:
    values = column.codes if isinstance(column, CategoryColumn) else column.values
    return np.unique(values, return_inverse=True)[1]


def _check_size(training: TrainingConfig, choice: TargetChoice, n_outputs: int) -> None:
    try:
        check_size(training.hidden, choice.n_inputs, n_outputs)
    except InvalidConfiguration as error:
        raise problem_at("network_too_large", f"{error.detail}; {error.expected}.", pointer="/network/hidden") from None


def _check_split(training: TrainingConfig, n_rows: int, strata: Any) -> None:
    if n_rows > LARGE_TABLE_ROWS and (strata is None or int(strata.max()) < n_rows // 2):
        return  # large enough for any parts
    try:
        split_rows(
            n_rows,
            validation_fraction=training.validation_fraction,
            test_fraction=training.test_fraction,
            seed=training.seed,
            strata=strata,
        )
    except NotEnoughRows as error:
        raise problem_at("not_enough_rows", _sentence(error.detail, error.hint), pointer="/target") from None


def _rare_class(choice: TargetChoice, strata: Any) -> list[dict[str, Any]]:
    if strata is None:
        return []
    counts = np.bincount(strata)
    share = counts.min() / counts.sum()
    if share >= RARE_CLASS_SHARE:
        return []
    detail = f"The rarest class has {counts.min():,} of {counts.sum():,} rows ({share:.1%}); accuracy says little."
    return [{"code": "rare_class", "column": choice.targets[0], "detail": detail}]


def _sentence(*parts: str | None) -> str:
    text = "; ".join(part for part in parts if part)
    return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")


def shown_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """A job's configuration as the request that would ask for it, defaults filled in; `inferred` besides."""
    training = TrainingConfig.from_dict(config["training"])
    optimizer = training.optimizer
    shown = {name: config.get(name) for name in ("dataset", "target", "model", "features", "task")}
    shown["network"] = {
        "hidden": list(training.hidden),
        "activation": training.activation,
        "dropout": training.dropout,
    }
    shown["loss"] = training.resolved_loss
    shown["optimizer"] = {
        name: getattr(optimizer, name) for name in ("name", "learning_rate", *OPTIMIZER_FIELDS[optimizer.name])
    }
    plain = training.to_dict()
    for name in _PLAIN_FIELDS:
        shown[name] = plain[name]
    shown["inferred"] = config.get("inferred", {})
    return shown
