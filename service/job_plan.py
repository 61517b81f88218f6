"""From a request to train and a dataset to a job's configuration: defaults chosen, targets checked up front."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.configuration import TrainingConfig, check_size
from core.errors import DataError, EncodingError, InvalidConfiguration, NotEnoughRows
from core.splits import MINIMUM_ROWS, split_rows
from core.table import CategoryColumn, Column, NumberColumn, Table
from core.targets import ClassValue, TargetEncoding
from service.problems import ErrorItem, problem_at, problem_of
from service.schemas.train import TrainRequest
from service.search_plan import check_space, search_of, watching
from service.starting_point import check_output
from service.target_choice import TargetChoice
from service.training_settings import LARGE_TABLE_ROWS, configuration_problem, training_config, training_fields
from service.weight_choice import check_class_names, check_weights
from store.registry_tables import ModelVersionRow

RARE_CLASS_SHARE = 0.1


@dataclass(frozen=True)
class Plan:
    """What a training job is submitted with.

    Parameters
    ----------
    config : dict
        The job's `config`: dataset, target, features, sample_weight, model, task, training, inferred, passed_over; of a
        search `search` too.
    epochs : int
        At most this many; trials of a search.
    warnings : list of dict
        ``code``, ``column``, ``detail``.
    """

    config: dict[str, Any]
    epochs: int
    warnings: list[dict[str, Any]]

    @property
    def kind(self) -> str:
        """The job's kind."""
        return "search" if "search" in self.config else "train"


def make_plan(
    request: TrainRequest,
    dataset: str,
    model: str,
    choice: TargetChoice,
    table: Table,
    start: ModelVersionRow | None = None,
    *,
    max_classes: int,
    limits: Mapping[str, Any] | None = None,
) -> Plan:
    """The job's configuration.

    Parameters
    ----------
    dataset : str
        ``name@version``.
    table : Table
        The target columns and the sample weights, all rows.
    start : ModelVersionRow or None
        The version that it begins with.
    limits : mapping, optional
        Further fields of the configuration, as `service.job_limits` gives them.

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
    encoding = _fit(choice, targets, usable, max_classes, start)
    inferred = dict(choice.inferred)
    if request.sample_weight is not None:
        check_weights(request.sample_weight, table[request.sample_weight], usable)
    request = watching(request, choice.task)
    training = training_config(request, choice.task, n_rows, inferred)

    def check(training: TrainingConfig) -> None:
        if start is not None:
            check_output(start, training.output_activation)
        _check_size(training, choice, encoding.n_outputs)

    check(training)
    check_class_names(training.class_weights, encoding)
    strata = _class_indices(targets[choice.targets[0]]) if choice.task == "classification" else None
    _check_split(training, n_rows, strata)
    folds = 0 if request.cross_validation is None else request.cross_validation.folds
    _check_folds(folds, n_rows, training)
    config = {
        "dataset": dataset,
        "target": request.target,
        "features": list(choice.features),
        "sample_weight": request.sample_weight,
        "initialize_from": start and {"model": start.model_name, "version": start.version, "sha256": start.sha256},
        "folds": folds,
        "importance_repeats": request.importance_repeats,
        "model": model,
        "task": choice.task,
        "training": training.to_dict(),
        "inferred": inferred,
        "passed_over": list(choice.passed_over),
        **(limits or {}),
    }
    search = search_of(request, training)
    if search is None:
        return Plan(config, training.epochs, _rare_class(choice, strata))
    fields = training_fields(request, choice.task, n_rows, {})
    check_space(search, fields, check)
    config["search"] = {**search.to_dict(), "fields": fields}
    return Plan(config, search.most_trials, _rare_class(choice, strata))


def _fit(
    choice: TargetChoice, targets: Table, usable: Any, max_classes: int, start: ModelVersionRow | None
) -> TargetEncoding:
    first = targets[choice.targets[0]]
    if choice.task == "classification" and (count := _class_count(first)) > max_classes:
        detail = f"The target has {count:,} classes; at most {max_classes:,} can be learnt."
        raise problem_at("too_many_classes", detail, pointer="/target")
    try:
        encoding = TargetEncoding.fit(targets, choice.targets, choice.task, _class_values(choice, first))  # type: ignore[arg-type]
        if start is not None:
            encoding = TargetEncoding.from_dict(start.target_encoding)
        if start is not None or choice.task in ("multilabel", "distribution"):
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
        check_size(training.hidden, choice.n_inputs, n_outputs, training.optimizer.name)
    except InvalidConfiguration as error:
        if error.field != "hidden":
            raise configuration_problem(error) from None
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


def _check_folds(folds: int, n_rows: int, training: TrainingConfig) -> None:
    kept = n_rows - round(n_rows * training.test_fraction)
    if folds and kept - -(-kept // folds) < MINIMUM_ROWS:
        detail = f"{folds} folds of {kept} rows leave fewer than {MINIMUM_ROWS} to train on."
        raise problem_at("not_enough_rows", detail, pointer="/cross_validation/folds")


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
