"""A network from elsewhere as a new version: everything it says of itself is checked before any of it is stored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt
import safetensors.numpy

from core.configuration import TrainingConfig
from core.encoding import Encoding
from core.errors import UnreadableState
from core.features import MAX_NUMBER
from core.network import MLP, parameter_count
from core.targets import TargetEncoding, class_key
from service.problems import Problem, problem_at
from store.ingest.description import query_name
from store.registry import NewVersion

Tensors = Mapping[str, npt.NDArray[Any]]
Parsed = TypeVar("Parsed")
_Size = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
_Name = Annotated[str, msgspec.Meta(pattern=r"^[^\x00]+$", max_length=1000)]
# Within float32, as the service's own are: a prediction in the target's units stays finite.
_Number = Annotated[float, msgspec.Meta(ge=-MAX_NUMBER, le=MAX_NUMBER)]
_Positive = Annotated[float, msgspec.Meta(gt=0, le=MAX_NUMBER)]
_MOST = 10_000  # features, and classes; the service's own are fewer
_KINDS = {"number": "number", "integer": "number", "boolean": "number", "category": "category"}


class _Network(msgspec.Struct):
    layer_sizes: Annotated[list[_Size], msgspec.Meta(min_length=2, max_length=100)]
    activation: str
    output_activation: str


class _Feature(msgspec.Struct):
    name: _Name
    kind: Literal["number", "category"]
    constant: bool
    mean: _Number = 0.0
    scale: _Positive = 1.0
    indicator: bool = False
    categories: Annotated[list[str], msgspec.Meta(max_length=_MOST)] | None = None
    missing_level: bool = False
    shares: list[float] | None = None


class _Encoding(msgspec.Struct):
    format_version: int
    clip: _Positive | None
    features: Annotated[list[_Feature], msgspec.Meta(min_length=1, max_length=_MOST)]


class _Target(msgspec.Struct):
    format_version: int
    task: Literal["classification", "regression", "multilabel", "distribution"]
    names: Annotated[list[_Name], msgspec.Meta(min_length=1, max_length=_MOST)]
    classes: Annotated[list[int | float | bool | str], msgspec.Meta(max_length=_MOST)]
    mean: list[_Number]
    scale: list[_Positive]


class _SchemaFeature(msgspec.Struct):
    name: str
    type: Literal["number", "integer", "boolean", "category"]


class _Schema(msgspec.Struct):
    features: list[_SchemaFeature]
    target: str | list[str]


class About(msgspec.Struct):
    """What a file says of its weights; further fields are passed over."""

    format_version: Literal[1]
    network: _Network
    encoding: _Encoding
    target_encoding: _Target
    schema: _Schema


def parsed(value: Any, form: type[Parsed]) -> Parsed:
    """The value as that form; 422 with the place where it is another."""
    try:
        return msgspec.convert(value, form)
    except msgspec.ValidationError as error:
        sentence, _, place = str(error).partition(" - at `$")
        steps = re.findall(r"\w+", place.replace("[...]", ""))
        pointer = "".join(f"/{step}" for step in steps) or None
        raise problem_at("invalid_value", f"{sentence}.", pointer=pointer) from None


def new_version(about: About, tensors: Tensors, model: str) -> tuple[NewVersion, str, str | list[str]]:
    """The version to publish, its task and its target.

    Raises
    ------
    Problem, core.errors.InvalidConfiguration
        422, naming what does not fit.
    """
    sizes, target = about.network.layer_sizes, about.target_encoding
    _check_target(about)
    weights = _weights(tensors, sizes)
    try:
        encoding = Encoding.from_dict(msgspec.to_builtins(about.encoding))
        encoded = TargetEncoding.from_dict(msgspec.to_builtins(target))
    except UnreadableState as error:
        raise Problem("invalid_value", f"The file cannot be read: {error.detail}.") from None
    _check_features(about, encoding)
    for what, place, count in (("inputs", 0, encoding.n_inputs), ("outputs", -1, encoded.n_outputs)):
        if sizes[place] != count:
            raise _misfit(
                "network/layer_sizes", f"The encoding gives {count:,} {what}, the network has {sizes[place]:,}."
            )
    flat = np.concatenate([weights[name].ravel() for name in weights])
    network = MLP.from_parameters(sizes, about.network.activation, about.network.output_activation, flat)
    if not np.isfinite(network.predict(np.zeros((1, sizes[0]), dtype=np.float32))).all():
        raise _misfit("network", "The network's output for an average row is not a finite number.")
    names = [feature.name for feature in encoding.features]
    config = TrainingConfig(target.task, hidden=tuple(sizes[1:-1]), activation=about.network.activation)
    new = NewVersion(
        source="imported",
        job_id=None,
        weights=safetensors.numpy.save(weights),
        parameters=parameter_count(sizes),
        network=msgspec.to_builtins(about.network),
        encoding=encoding.to_dict(),
        target_encoding=encoded.to_dict(),
        schema=_schema(about, encoding, encoded),
        config={
            "dataset": None,
            "target": about.schema.target,
            "model": model,
            "features": names,
            "task": target.task,
            "training": config.to_dict(),
        },
        metrics={"train": None, "validation": None, "test": None},
        best_epoch=None,
        dataset={"id": None, "name": None, "version": None, "sha256": None},
    )
    return new, target.task, about.schema.target


def _check_target(about: About) -> None:
    target = about.target_encoding
    regression, place = target.task == "regression", "target_encoding"
    asked = about.schema.target
    if (asked if isinstance(asked, list) else [asked]) != target.names:
        raise _misfit("schema/target", "The target is not what `target_encoding` names.")
    if len(set(target.names)) != len(target.names) or (target.task == "classification" and len(target.names) != 1):
        raise _misfit(f"{place}/names", f"{target.task} does not take these targets.")
    if (len(target.mean), len(target.scale)) != (len(target.names) * regression,) * 2:
        raise _misfit(f"{place}/mean", "A regression has a mean and a scale for each target, other tasks have none.")
    keys = {class_key(value) for value in target.classes}
    if len(keys) != len(target.classes):
        raise _misfit(f"{place}/classes", "A class stands twice.")
    if target.task in ("multilabel", "distribution") and target.classes != target.names:
        raise _misfit(f"{place}/classes", "The classes should be the targets' names.")
    if (target.task == "classification" and len(keys) < 2) or (regression and keys):
        raise _misfit(f"{place}/classes", "A classification has two classes or more, a regression none.")


def _check_features(about: About, encoding: Encoding) -> None:
    names = [feature.name for feature in encoding.features]
    if len(set(names)) != len(names) or set(names) & set(about.target_encoding.names):
        raise _misfit("encoding/features", "A feature stands twice, or is the target.")
    if [each.name for each in about.schema.features] != names:
        raise _misfit("schema/features", "The features are not those of the encoding, in its order.")
    for place, (feature, described) in enumerate(zip(encoding.features, about.schema.features, strict=True)):
        categories = feature.categories
        if _KINDS[described.type] != feature.kind or (feature.kind == "category") != (categories is not None):
            raise _misfit(f"encoding/features/{place}", f"{feature.name!r} is not encoded as a {described.type}.")
        if categories is not None and len(set(categories)) != len(categories):
            raise _misfit(f"encoding/features/{place}/categories", "A category stands twice.")
        # Of a number, the one share is that of its indicator.
        wanted = feature.width - (feature.kind == "number")
        if feature.shares is not None and not feature.constant and len(feature.shares) != wanted:
            raise _misfit(f"encoding/features/{place}/shares", "There should be a share for each level.")


def _weights(tensors: Tensors, sizes: list[int]) -> dict[str, npt.NDArray[np.float32]]:
    wanted: dict[str, tuple[int, ...]] = {}
    for number in range(1, len(sizes)):
        wanted[f"layer_{number}.weight"] = (sizes[number], sizes[number - 1])
        wanted[f"layer_{number}.bias"] = (sizes[number],)
    if tensors.keys() != wanted.keys():
        odd = sorted(tensors.keys() ^ wanted.keys())[0][:100]
        raise _misfit(
            "network/layer_sizes", f"The tensors are not those of these layers: {odd!r} is missing or too many."
        )
    for name, shape in wanted.items():
        tensor = tensors[name]
        if tensor.dtype != np.float32 or tensor.shape != shape:
            raise Problem("invalid_value", f"{name} should be float32 {shape}, not {tensor.dtype} {tensor.shape}.")
        if not np.isfinite(tensor).all():
            raise Problem("invalid_value", f"{name} holds a number that is not finite.")
    return {name: np.ascontiguousarray(tensors[name]) for name in wanted}


def _schema(about: About, encoding: Encoding, target: TargetEncoding) -> dict[str, Any]:
    features: list[dict[str, Any]] = []
    for feature, described in zip(encoding.features, about.schema.features, strict=True):
        entry: dict[str, Any] = {"name": feature.name, "type": described.type, "query_name": query_name(feature.name)}
        if feature.categories is not None:
            entry["categories"] = list(feature.categories)
        features.append(entry)
    return {"features": features, "target": about.schema.target, "classes": list(target.classes) or None}


def _misfit(place: str, detail: str) -> Problem:
    return problem_at("invalid_value", detail, pointer=f"/{place}")
