"""Which columns a training predicts and which it learns from, and for what task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.problems import pointer, problem_at
from service.schemas.train import TrainRequest
from service.validation import nearest
from service.weight_choice import check_weight_column

FEW_INTEGERS = 20


@dataclass(frozen=True)
class TargetChoice:
    """The choice.

    Parameters
    ----------
    targets, features, passed_over : tuple of str
        Columns of the dataset; the last are those that a prediction accepts and passes over.
    task : str
        One of `core.configuration.TASKS`.
    boolean : bool
        Whether the (first) target is a boolean column.
    n_inputs : int
        An upper bound of the network's inputs.
    inferred : dict
        ``task`` and ``features``, each ``{"value", "reason"}``, where they were not asked for.
    """

    targets: tuple[str, ...]
    features: tuple[str, ...]
    passed_over: tuple[str, ...]
    task: str
    boolean: bool
    n_inputs: int
    inferred: dict[str, Any]


def choose(request: TrainRequest, columns: Sequence[Mapping[str, Any]], distinct: Callable[[str], int]) -> TargetChoice:
    """Check the names in the request against the dataset's columns, and choose what was left open.

    Parameters
    ----------
    columns : sequence of dict
        The dataset's column objects.
    distinct : callable
        How many different values a column has.

    Raises
    ------
    Problem
        404 ``target_not_found``, ``column_not_found``; 422 with the pointer of the field in the way.
    """
    by_name = {column["name"]: column for column in columns}
    targets = _targets(request, by_name)
    inferred: dict[str, Any] = {}
    task: str | None = request.task
    if task is None:
        task, reason = _task(by_name[targets[0]], distinct)
        inferred["task"] = {"value": task, "reason": reason}
    if task == "classification" and not isinstance(request.target, str):
        raise problem_at("task_mismatch", "A classification has one target, not a list of them.", pointer="/target")
    check_weight_column(request, by_name, targets)
    features = _features(request, by_name, targets)
    used = frozenset(features)
    if request.features is None:
        inferred["features"] = {
            "value": len(features),
            "reason": "every column with the role `feature`, less the target"
            + (" and the sample weight" if request.sample_weight is not None else ""),
        }
    return TargetChoice(
        targets=targets,
        features=features,
        passed_over=tuple(name for name in by_name if name not in used),
        task=task,
        boolean=by_name[targets[0]]["type"] == "boolean",
        n_inputs=sum(_width(by_name[name]) for name in features),
        inferred=inferred,
    )


def _targets(request: TrainRequest, by_name: Mapping[str, Any]) -> tuple[str, ...]:
    names = [request.target] if isinstance(request.target, str) else request.target
    if not names:
        raise problem_at("out_of_range", "The list of targets is empty.", pointer="/target")
    if isinstance(request.target, list) and request.task is None:
        detail = "A list of targets needs a `task`: regression, multilabel or distribution."
        raise problem_at("missing_field", detail, pointer="/task")
    places = ["/target"] if isinstance(request.target, str) else [pointer("target", i) for i in range(len(names))]
    for name, place in zip(names, places, strict=True):
        if name not in by_name:
            detail = f"The dataset has no column {name!r}.{nearest(name, list(by_name))}"
            raise problem_at("target_not_found", detail, pointer=place)
    _refuse_repeated(names, "target")
    return tuple(names)


def _features(request: TrainRequest, by_name: Mapping[str, Any], targets: tuple[str, ...]) -> tuple[str, ...]:
    predicted = frozenset(targets)
    if request.features is None:
        others = predicted | {request.sample_weight}
        names = [name for name, column in by_name.items() if column["role"] == "feature" and name not in others]
        if not names:
            raise problem_at(
                "no_features", "No column is left to learn from, apart from the target.", pointer="/features"
            )
        return tuple(names)
    for index, name in enumerate(request.features):
        place = pointer("features", index)
        if name not in by_name:
            detail = f"The dataset has no column {name!r}.{nearest(name, list(by_name))}"
            raise problem_at("column_not_found", detail, pointer=place)
        if name in predicted:
            raise problem_at("invalid_value", f"{name!r} is the target; it cannot be a feature too.", pointer=place)
        if name == request.sample_weight:
            raise problem_at(
                "invalid_value", f"{name!r} is the sample weight; it cannot be a feature too.", pointer=place
            )
        if by_name[name]["type"] == "category" and by_name[name].get("categories") is None:
            raise problem_at("invalid_value", f"{name!r} has too many categories to be a feature.", pointer=place)
    _refuse_repeated(request.features, "features")
    return tuple(request.features)


def _refuse_repeated(names: Sequence[str], field: str) -> None:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            raise problem_at("invalid_value", f"{name!r} stands twice.", pointer=pointer(field, index))
        seen.add(name)


def _task(column: Mapping[str, Any], distinct: Callable[[str], int]) -> tuple[str, str]:
    name, kind = column["name"], column["type"]
    if kind in ("category", "boolean"):
        return "classification", f"{name!r} is a {kind} column"
    if kind == "integer":
        count = distinct(name)
        found = f"{name!r} is an integer column with {count} different values"
        if count <= FEW_INTEGERS:
            return "classification", f"{found} (at most {FEW_INTEGERS})"
        return "regression", f"{found} (more than {FEW_INTEGERS})"
    return "regression", f"{name!r} is a number column"


def _width(column: Mapping[str, Any]) -> int:
    levels = len(column["categories"] or ()) if column["type"] == "category" else 1
    return max(1, levels + int(column["missing"] > 0))
