"""A version as an ONNX model: numbers and strings in, labels and probabilities (or values) out.

Only operators that every runtime has are used, opset 17 and LabelEncoder of ai.onnx.ml 3. Rows are examples; the
encoding is done in double, as the service does it, and the network in float.
"""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import numpy.typing as npt

from core.activations import GELU_CUBIC, SATURATED, SQRT_2, SQRT_2_OVER_PI
from core.encoding import WITHOUT_CLIP
from core.features import FeatureEncoding
from core.outcomes import LIKELY
from core.targets import TargetEncoding, class_key
from service.inference.features import matrix_name, numeric_features
from service.inference.outputs import OutputForm, label_datatype, output_forms
from service.loaded_version import LoadedVersion
from service.portable.onnx_graph import Graph
from store.ingest import cells

MEDIA_TYPE = "application/onnx"
_OPSET, _ML_OPSET, _IR_VERSION = 17, 3, 8
_DTYPES = {"FP64": np.float64, "INT64": np.int64, "BOOL": np.bool_, "BYTES": np.object_}


def can_export() -> bool:
    """Whether the package that writes ONNX is installed."""
    return importlib.util.find_spec("onnx") is not None


def onnx_file(version: LoadedVersion, about: str) -> bytes:
    """The model of a version; `about` is JSON, and becomes its metadata property `mlp`."""
    from onnx import TensorProto, helper

    matrix, numeric = matrix_name(version), numeric_features(version)
    inputs = [helper.make_tensor_value_info(matrix, TensorProto.DOUBLE, ["rows", len(numeric)])] if numeric else []
    inputs += [
        helper.make_tensor_value_info(feature.name, TensorProto.STRING, ["rows", 1])
        for feature in version.features
        if feature.type == "category"
    ]
    forms = output_forms(version)
    types = {"FP64": "DOUBLE", "INT64": "INT64", "BOOL": "BOOL", "BYTES": "STRING"}
    taken = {each.name for each in inputs}
    names = {form.name: _free(form.name, taken) for form in forms}
    outputs = [
        helper.make_tensor_value_info(
            names[form.name], getattr(TensorProto, types[form.datatype]), ["rows", *form.shape[1:]]
        )
        for form in forms
    ]
    graph = Graph([*taken, *names.values()])
    a, places = _encoded(graph, version, matrix)
    layers = list(zip(version.network.weights, version.network.biases, strict=True))
    for number, (W, b) in enumerate(layers, start=1):
        W = _first(version, W, places) if number == 1 else W
        z = graph.apply("Add", graph.apply("MatMul", a, graph.constant(W.T, np.float32)), graph.constant(b, np.float32))
        last = number == len(layers)
        a = _activated(graph, z, version.network.output_activation if last else version.network.hidden_activation)
    _answer(graph, a, version.target_encoding, names, forms)
    made = helper.make_graph(graph.nodes, "mlp", inputs, outputs, graph.constants)
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid("ai.onnx.ml", _ML_OPSET)]
    model = helper.make_model(made, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="mlp-service")
    helper.set_model_props(model, {"mlp": about})
    return bytes(model.SerializeToString())


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _encoded(graph: Graph, version: LoadedVersion, matrix: str) -> tuple[str, list[int]]:
    """The inputs of the network, numbers first, and where each stands in the encoding's own order."""
    encoding = version.encoding
    numbers = [(f, start) for f, start in zip(encoding.features, encoding.starts, strict=True) if f.kind == "number"]
    parts: list[str] = []
    places: list[int] = []
    if numbers:
        missing = graph.apply("IsNaN", matrix)
        standardised = _standardised(graph, matrix, missing, [f for f, _ in numbers], encoding.clip)
        parts.append(standardised)
        places += [start for _, start in numbers]
        indicated = [place for place, (f, _) in enumerate(numbers) if f.indicator]
        if indicated:
            some = graph.apply("Gather", missing, graph.constant(indicated, np.int64), axis=1)
            parts.append(graph.apply("Cast", some, to=1))
            places += [numbers[place][1] + 1 for place in indicated]
    for feature, start in zip(encoding.features, encoding.starts, strict=True):
        if feature.kind == "category":
            parts.append(_one_hot(graph, feature))
            places += range(start, start + feature.width)
    return (parts[0] if len(parts) == 1 else graph.apply("Concat", *parts, axis=1)), places


def _standardised(graph: Graph, matrix: str, missing: str, features: list[FeatureEncoding], clip: float | None) -> str:
    limit = WITHOUT_CLIP if clip is None else clip
    z = graph.apply("Sub", matrix, graph.constant([f.mean for f in features], np.float64))
    z = graph.apply("Div", z, graph.constant([f.scale for f in features], np.float64))
    z = graph.apply("Max", z, graph.constant(-limit, np.float64))
    z = graph.apply("Min", z, graph.constant(limit, np.float64))
    z = graph.apply("Where", missing, graph.constant(0.0, np.float64), z)
    return graph.apply("Cast", z, to=1)  # FLOAT


def _one_hot(graph: Graph, feature: FeatureEncoding) -> str:
    levels = list(feature.categories or ())
    missing = len(levels) if feature.missing_level else -1
    level_of = {**dict.fromkeys(cells.MISSING_MARKS, missing), **{level: place for place, level in enumerate(levels)}}
    code = graph.apply(
        "LabelEncoder",
        feature.name,
        domain="ai.onnx.ml",
        keys_strings=list(level_of),
        values_int64s=list(level_of.values()),
        default_int64=-1,
    )
    return graph.apply("Cast", graph.apply("Equal", code, graph.constant(range(feature.width), np.int64)), to=1)


def _first(version: LoadedVersion, W: npt.NDArray[Any], places: list[int]) -> npt.NDArray[Any]:
    """The first layer's weights in the order of the graph's inputs; none for a feature that never varied."""
    W = W.copy()
    for feature, start in zip(version.encoding.features, version.encoding.starts, strict=True):
        if feature.constant:
            W[:, start : start + (1 if feature.kind == "number" else feature.width)] = 0
    return W[:, places]


def _activated(graph: Graph, z: str, name: str) -> str:
    def number(value: float) -> str:
        return graph.constant(value, np.float32)

    if name == "identity":
        return z
    if name in ("sigmoid", "tanh", "relu"):
        return graph.apply(name.capitalize(), z)
    if name == "softmax":
        return graph.apply("Softmax", z, axis=-1)
    if name == "silu":
        return graph.apply("Mul", z, graph.apply("Sigmoid", z))
    if name == "gelu":
        bent = graph.apply("Erf", graph.apply("Div", z, number(SQRT_2)))
    else:  # gelu_tanh
        x = graph.apply("Clip", z, number(-SATURATED), number(SATURATED))
        cube = graph.apply("Mul", graph.apply("Mul", graph.apply("Mul", x, x), x), number(GELU_CUBIC))
        bent = graph.apply("Tanh", graph.apply("Mul", graph.apply("Add", x, cube), number(SQRT_2_OVER_PI)))
    half = graph.apply("Mul", z, number(0.5))
    return graph.apply("Mul", half, graph.apply("Add", bent, number(1.0)))


def _answer(graph: Graph, a: str, target: TargetEncoding, names: dict[str, str], forms: list[OutputForm]) -> None:
    outputs = graph.apply("Cast", a, to=11)  # DOUBLE
    if target.task == "regression":
        scaled = graph.apply("Mul", outputs, graph.constant(target.scale, np.float64))
        values = graph.apply("Add", scaled, graph.constant(target.mean, np.float64))
        for place, form in enumerate(forms):
            graph.apply("Gather", values, graph.constant(place, np.int64), axis=1, output=names[form.name])
        return
    shares = names["probabilities"]
    if target.task == "multilabel":
        graph.apply("Identity", outputs, output=shares)
        graph.apply("GreaterOrEqual", shares, graph.constant(LIKELY, np.float64), output=names["labels"])
        return
    total = graph.apply("ReduceSum", outputs, graph.constant([1], np.int64), keepdims=1)
    graph.apply("Div", outputs, total, output=shares)
    datatype = label_datatype(target)
    classes = [class_key(value).encode() for value in target.classes] if datatype == "BYTES" else target.classes
    table = graph.constant(classes, _DTYPES[datatype])
    graph.apply("Gather", table, graph.apply("ArgMax", shares, axis=1, keepdims=0), output=names["label"])
