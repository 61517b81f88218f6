"""A fitted scikit-learn MLP, told in JSON: its coefs and intercepts, and the scaler before it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import numpy as np

from core import encoding, targets
from service.portable.imported import About, Tensors, parsed
from service.problems import problem_at

_ACTIVATIONS = {"relu": "relu", "logistic": "sigmoid", "tanh": "tanh", "identity": "identity"}
_OUTPUTS = {"softmax": "softmax", "logistic": "sigmoid", "identity": "identity"}
_Layers = Annotated[list[list[list[float]]], msgspec.Meta(min_length=1, max_length=100)]


class SklearnNetwork(msgspec.Struct, forbid_unknown_fields=True):
    """The body; names are those of scikit-learn's attributes, without the underscore at the end."""

    task: Literal["classification", "regression", "multilabel"]
    target: str | list[str]
    features: list[str]
    activation: Literal["relu", "logistic", "tanh", "identity"]
    out_activation: Literal["softmax", "logistic", "identity"]
    coefs: _Layers
    intercepts: list[list[float]]
    classes: list[int | float | bool | str] = []
    mean: list[float] | None = None
    scale: list[float] | None = None


def read_sklearn(value: Any) -> tuple[About, Tensors]:
    """The network as a file of our own would tell it.

    Raises
    ------
    Problem
        422, with the place of what does not fit.
    """
    given = parsed(value, SklearnNetwork)
    coefs, intercepts = _arrays(given)
    if given.task == "classification" and given.out_activation == "logistic" and intercepts[-1].shape == (1,):
        # Of two classes scikit-learn has one output z, the second's logit: softmax of (0, z) says the same of both.
        coefs[-1] = np.concatenate([np.zeros_like(coefs[-1]), coefs[-1]], axis=1)
        intercepts[-1] = np.concatenate([np.zeros_like(intercepts[-1]), intercepts[-1]])
        output = "softmax"
    else:
        output = _OUTPUTS[given.out_activation]
    sizes = [len(coefs[0]), *(len(each) for each in intercepts)]
    names = given.target if isinstance(given.target, list) else [given.target]
    zeros, ones = [0.0] * len(given.features), [1.0] * len(given.features)
    means, scales = given.mean or zeros, given.scale or ones
    if len(means) != len(given.features) or len(scales) != len(given.features):
        raise problem_at("invalid_value", "There should be a mean and a scale for each feature.", pointer="/mean")
    regression = given.task == "regression"
    about = {
        "format_version": 1,
        "network": {"layer_sizes": sizes, "activation": _ACTIVATIONS[given.activation], "output_activation": output},
        "encoding": {
            "format_version": encoding.FORMAT_VERSION,
            "clip": None,
            "features": [
                {"name": name, "kind": "number", "constant": False, "mean": mean, "scale": scale}
                for name, mean, scale in zip(given.features, means, scales, strict=True)
            ],
        },
        "target_encoding": {
            "format_version": targets.FORMAT_VERSION,
            "task": given.task,
            "names": names,
            "classes": names if given.task == "multilabel" else given.classes,
            "mean": [0.0] * len(names) if regression else [],
            "scale": [1.0] * len(names) if regression else [],
        },
        "schema": {
            "features": [{"name": name, "type": "number"} for name in given.features],
            "target": given.target,
        },
    }
    tensors = {}
    for number, (W, b) in enumerate(zip(coefs, intercepts, strict=True), start=1):
        tensors[f"layer_{number}.weight"] = np.ascontiguousarray(W.T)
        tensors[f"layer_{number}.bias"] = b
    return parsed(about, About), tensors


def _arrays(given: SklearnNetwork) -> tuple[list[Any], list[Any]]:
    if len(given.coefs) != len(given.intercepts):
        raise problem_at("invalid_value", "There should be as many intercepts as coefs.", pointer="/intercepts")
    coefs, intercepts = [], []
    for place, (rows, biases) in enumerate(zip(given.coefs, given.intercepts, strict=True)):
        if not rows or not biases or any(len(row) != len(biases) for row in rows):
            detail = "A layer's coefs have a row for each of its inputs, as long as its intercepts."
            raise problem_at("invalid_value", detail, pointer=f"/coefs/{place}")
        with np.errstate(over="ignore"):  # what is infinite then is refused with all else that is not finite
            coefs.append(np.array(rows, dtype=np.float64).astype(np.float32))
            intercepts.append(np.array(biases, dtype=np.float64).astype(np.float32))
    return coefs, intercepts
