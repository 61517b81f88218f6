"""A training that begins with a version: what the request leaves open is the version's, what differs is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from service.problems import problem_at
from service.schemas.train import TrainRequest
from store.registry_tables import ModelVersionRow

_PLACE = "/initialize_from"


def started_from(row: ModelVersionRow, request: TrainRequest, columns: Sequence[Mapping[str, Any]]) -> TrainRequest:
    """The request with the version's features, task, network and clip.

    Raises
    ------
    Problem
        422 where the request asks for others, or the dataset lacks a feature of the version.
    """
    name = f"{row.model_name}/{row.version}"
    features, encoding = row.schema["features"], row.encoding
    types = {column["name"]: column["type"] for column in columns}
    for feature in features:
        if (types.get(feature["name"]) == "category") != (feature["type"] == "category"):
            detail = f"{name} learns from {feature['name']!r}, a {feature['type']} column; the dataset has none."
            raise problem_at("invalid_value", detail, pointer=_PLACE)
        if feature["name"] not in types:
            detail = f"{name} learns from {feature['name']!r}; the dataset has no such column."
            raise problem_at("invalid_value", detail, pointer=_PLACE)
    names = [feature["name"] for feature in features]
    if request.features is not None and sorted(request.features) != sorted(names):
        detail = f"{name} learns from {', '.join(names)}; a training that begins with it does too."
        raise problem_at("invalid_value", detail, pointer="/features")
    task, target = row.target_encoding["task"], list(row.target_encoding["names"])
    asked = [request.target] if isinstance(request.target, str) else request.target
    if asked != target or (request.task or task) != task:
        detail = f"{name} is a {task} of {', '.join(target)}; a training that begins with it is too."
        raise problem_at("task_mismatch", detail, pointer=_PLACE)
    network = request.network
    hidden, activation = row.network["layer_sizes"][1:-1], row.network["activation"]
    for field, value in (("hidden", hidden), ("activation", activation)):
        if field in network.model_fields_set and getattr(network, field) != value:
            detail = f"{name} has the {field} {value}; a training that begins with it has too."
            raise problem_at("invalid_value", detail, pointer=f"/network/{field}")
    if "clip" in request.model_fields_set and request.clip != encoding["clip"]:
        detail = f"{name} clips its features at {encoding['clip']}; a training that begins with it does too."
        raise problem_at("invalid_value", detail, pointer="/clip")
    return request.model_copy(
        update={
            "features": names,
            "task": task,
            "network": network.model_copy(update={"hidden": hidden, "activation": activation}),
            "clip": encoding["clip"],
        }
    )


def check_output(row: ModelVersionRow, output_activation: str) -> None:
    """Refuse a loss that wants another output than the version's."""
    if row.network["output_activation"] != output_activation:
        detail = f"The output of {row.model_name}/{row.version} is {row.network['output_activation']}."
        raise problem_at("invalid_value", detail, pointer="/loss")
