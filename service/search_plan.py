"""From a request's `search` block to core's search: defaults chosen, every value tried on the training beforehand."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from itertools import product
from math import prod
from typing import Any, Protocol

from core.configuration import TrainingConfig
from core.early_stopping import TASKS_OF
from core.errors import InvalidConfiguration
from core.search_config import PrunerConfig, SamplerConfig, SearchConfig
from core.search_space import SEARCHABLE, Parameter, with_values
from service.dispatch import can_search
from service.problems import Problem, pointer, problem_at, shown
from service.schemas.search import SearchRequest
from service.schemas.train import TrainRequest
from service.training_settings import check_optimizer
from service.validation import nearest

_SPACE = ("search", "space")
_MOST_COMBINATIONS = 500
_USUAL_SPACE: Mapping[str, Mapping[str, Any]] = {
    "optimizer.learning_rate": {"type": "float", "low": 1e-4, "high": 1e-1, "log": True},
    "network.hidden": {"type": "choice", "choices": [[32], [64], [128], [64, 32], [128, 64], [256, 128]]},
    "network.dropout": {"type": "float", "low": 0.0, "high": 0.5},
    "l2": {"type": "float", "low": 1e-6, "high": 1e-2, "log": True},
    "batch_size": {"type": "choice", "choices": [16, 32, 64, 128]},
}
_NOT_WITH_LBFGS = ("optimizer.learning_rate", "network.dropout", "batch_size")
_NOT_FROM_A_VERSION = ("network.hidden", "network.activation", "clip")


class Check(Protocol):
    """Looks at a training that the space allows; raises InvalidConfiguration, or a Problem."""

    def __call__(self, training: TrainingConfig) -> None: ...


def watching(request: TrainRequest, task: str) -> TrainRequest:
    """The request, whose early stopping watches what its search compares where it does not say what it watches.

    Raises
    ------
    Problem
        422 for a block that does not go with a search.
    """
    search = request.search
    if search is None:
        return request
    if not can_search():
        detail = "A search needs Optuna, which comes with the extra `search`: pip install 'mlp-service[search]'."
        raise problem_at("not_available", detail, pointer="/search")
    if request.cross_validation is not None:
        detail = "The trials of a search are compared by their validation rows; cross-validate its best one afterwards."
        raise problem_at("invalid_value", detail, pointer="/cross_validation")
    fitting = [metric for metric, tasks in TASKS_OF.items() if task in tasks]
    if search.metric is not None and search.metric not in fitting:
        detail = (
            f"A {task} has no metric {search.metric!r}; it has {', '.join(fitting)}.{nearest(search.metric, fitting)}"
        )
        raise problem_at("invalid_configuration", detail, pointer="/search/metric")
    stopping = request.early_stopping
    if search.metric is None or stopping is None or "metric" in stopping.model_fields_set:
        return request
    return request.model_copy(update={"early_stopping": stopping.model_copy(update={"metric": search.metric})})


def search_of(request: TrainRequest, training: TrainingConfig) -> SearchConfig | None:
    """The search that a request asks for; None for a plain training.

    Parameters
    ----------
    training : TrainingConfig
        Of the request without the space's values.

    Raises
    ------
    Problem
        422, with the pointer of the field in the way.
    """
    asked = request.search
    if asked is None:
        return None
    space = tuple(_parameters(request, asked))
    pruner = None if asked.pruner is None else asked.pruner.model_dump(exclude_none=True)
    try:
        search = SearchConfig(
            space=space,
            trials=asked.trials,
            parallelism=asked.parallelism,
            metric=asked.metric or _watched(training),
            sampler=SamplerConfig(**asked.sampler.model_dump()),
            pruner=None if pruner is None else PrunerConfig(**pruner),
        )
        search.check_training(training)
    except InvalidConfiguration as error:
        raise _problem(error.field.split("."), error) from None
    return search


def check_space(search: SearchConfig, fields: Mapping[str, Any], check: Check) -> None:
    """Refuse values of the space that the training refuses: each by itself, then a number of combinations.

    Parameters
    ----------
    fields : mapping
        Of the training, as `service.training_settings.training_fields` gives them.

    Raises
    ------
    Problem
        422, with the pointer of the value in the way.
    """
    ends = {parameter.path: list(parameter.ends()) for parameter in search.space}
    usual = {path: values[0][1] for path, values in ends.items()}
    for path, values in ends.items():
        for place, value in values:
            _try(fields, {**usual, path: value}, check, (*_SPACE, path, *place.split(".")))
    for values_of_all in _combinations(ends):
        _try(fields, values_of_all, check, None)


def _try(fields: Mapping[str, Any], values: dict[str, Any], check: Check, place: tuple[str, ...] | None) -> None:
    try:
        given = with_values(fields, values)
        check_optimizer(given["optimizer"])
        check(TrainingConfig.from_dict(given))
    except InvalidConfiguration as error:
        raise _problem(place or _SPACE, error, {} if place else values) from None
    except Problem as problem:
        item = problem.errors[0]
        raise problem_at(item.code, item.detail, pointer=pointer(*(place or _SPACE))) from None


def _combinations(ends: Mapping[str, list[tuple[str, Any]]]) -> Iterator[dict[str, Any]]:
    """All combinations of bounds and choices where they are few, else some by chance: the same ones each time."""
    values = [[value for _, value in each] for each in ends.values()]
    if prod(map(len, values)) <= _MOST_COMBINATIONS:
        yield from (dict(zip(ends, chosen, strict=True)) for chosen in product(*values))
        return
    chance = random.Random(0)  # noqa: S311  (not for secrets)
    for _ in range(_MOST_COMBINATIONS):
        yield {path: chance.choice(each) for path, each in zip(ends, values, strict=True)}


def _parameters(request: TrainRequest, asked: SearchRequest) -> Iterator[Parameter]:
    if asked.space is None:
        if asked.sampler.name == "grid":
            raise problem_at("missing_field", "A grid needs a `space`, of choices and ints.", pointer="/search/space")
        given = _usual_space(request)
    else:
        given = {path: each.model_dump() for path, each in asked.space.items()}
    for path, each in given.items():
        if path not in SEARCHABLE:
            detail = f"A search cannot choose {shown(path)}.{nearest(path, list(SEARCHABLE))}"
            raise problem_at("unknown_field", detail, pointer=pointer(*_SPACE, path))
        if request.initialize_from is not None and path in _NOT_FROM_A_VERSION:
            detail = f"A training that begins with a version has its {path}."
            raise problem_at("invalid_value", detail, pointer=pointer(*_SPACE, path))
        try:
            yield Parameter(path, **each)
        except InvalidConfiguration as error:
            raise _problem((*_SPACE, path, *error.field.split(".")), error) from None


def _usual_space(request: TrainRequest) -> dict[str, Mapping[str, Any]]:
    """The usual space, less what the request gives itself, and what it does not take."""

    def left_open(path: str) -> bool:
        group, _, name = path.rpartition(".")
        owner = getattr(request, group) if group else request
        if request.optimizer.name == "lbfgs" and path in _NOT_WITH_LBFGS:
            return False
        if request.initialize_from is not None and path in _NOT_FROM_A_VERSION:
            return False
        return name not in owner.model_fields_set

    found = {path: each for path, each in _USUAL_SPACE.items() if left_open(path)}
    if not found:
        detail = "The request gives every setting of the usual space; say which ones to search."
        raise problem_at("missing_field", detail, pointer="/search/space")
    return found


def _watched(training: TrainingConfig) -> str:
    if training.validation_fraction == 0:
        return "train_loss"
    return "validation_loss" if training.early_stopping is None else training.early_stopping.metric


def _problem(
    place: tuple[str, ...] | list[str], error: InvalidConfiguration, values: Mapping[str, Any] | None = None
) -> Problem:
    """A refusal at its place in the space; of a combination it says which one."""
    beside = "" if not values else " Together with " + ", ".join(f"{path} {value!r}" for path, value in values.items())
    detail = f"{error.field}: {error.detail}; expected {error.expected}.{beside}"
    return problem_at("invalid_configuration", detail, pointer=pointer(*place))
