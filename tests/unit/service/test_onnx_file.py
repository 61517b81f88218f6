"""The ONNX form of a version, run by onnxruntime, against the version itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from core.activations import ELEMENT_WISE
from core.encoding import Encoding
from core.network import MLP
from core.table import CategoryColumn, Column, NumberColumn
from core.targets import TargetEncoding
from service.inference.outputs import output_values
from service.loaded_version import Feature, LoadedVersion
from service.portable.onnx_file import onnx_file

ROWS = 1000
TARGETS = {
    "softmax": TargetEncoding("classification", ("t",), ("a", "b", "ü")),
    "integers": TargetEncoding("classification", ("t",), (1, 5, 9)),
    "booleans": TargetEncoding("classification", ("t",), (False, True)),
    "labels": TargetEncoding("multilabel", ("a", "b"), ("a", "b")),
    "value": TargetEncoding("regression", ("t",), (), (1000.0,), (25.0,)),
    "values": TargetEncoding("regression", ("t", "label"), (), (0.5, -3.0), (1.0, 4.0)),
}
OUTPUTS = {"labels": "sigmoid", "value": "identity", "values": "identity"}
FEATURES = (
    ("n", "number"),
    ("label", "category"),
    ("date", "integer"),
    ("input", "boolean"),
    ("only", "category"),
    ("same", "number"),
)


def table(seed: int, colours: tuple[str, ...], *, gaps: bool) -> dict[str, Column]:
    """Features with gaps, an odd name, a large mean, a far outlier, and two that never vary."""
    random = np.random.default_rng(seed)
    numbers = random.normal(size=ROWS)
    numbers[::9], numbers[5] = np.nan, 1e12
    dates = 1.7e9 + 1000 * random.normal(size=ROWS)
    if gaps:
        dates[::11] = np.nan
    return {
        "n": NumberColumn(numbers),
        "label": CategoryColumn(random.integers(-1, len(colours), ROWS).astype(np.int32), colours),
        "date": NumberColumn(dates),
        "input": NumberColumn(random.integers(0, 2, ROWS).astype(np.float64)),
        "only": CategoryColumn(np.zeros(ROWS, dtype=np.int32), ("x",)),
        "same": NumberColumn(np.full(ROWS, 4.0 + gaps)),
    }


def version(target: str, activation: str) -> LoadedVersion:
    """A version with random weights."""
    encoding = Encoding.fit(table(1, ("red", "blue"), gaps=False), [name for name, _ in FEATURES], clip=5)
    encoded = TARGETS[target]
    sizes = (encoding.n_inputs, 24, 16, encoded.n_outputs)
    network = MLP.initialize(sizes, activation, OUTPUTS.get(target, "softmax"), seed=3)
    network.weights[-1][...] *= 20
    features = tuple(Feature(name, kind, name) for name, kind in FEATURES)
    return LoadedVersion(network, encoding, encoded, features, frozenset({"input_"}), target == "values")


def run(model: bytes, columns: dict[str, Column]) -> dict[str, Any]:
    """What onnxruntime makes of the columns, by output."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    numeric = [columns[name] for name, kind in FEATURES if kind != "category"]
    feed: dict[str, Any] = {"input__": np.stack([c.values for c in numeric if isinstance(c, NumberColumn)], axis=1)}
    for name, column in columns.items():
        if isinstance(column, CategoryColumn):
            texts = [column.categories[code] if code >= 0 else "" for code in column.codes]
            feed[name] = np.array(texts, dtype=object).reshape(-1, 1)
    return dict(zip([each.name for each in session.get_outputs()], session.run(None, feed), strict=True))


CASES = [("softmax", name) for name in ELEMENT_WISE] + [(target, "relu") for target in TARGETS if target != "softmax"]


@pytest.mark.parametrize(("target", "activation"), CASES)
def test_onnxruntime_agrees_on_a_thousand_rows_with_gaps_and_unseen_categories(target: str, activation: str) -> None:
    loaded = version(target, activation)
    model = onnx_file(loaded, "{}")
    onnx.checker.check_model(model, full_check=True)
    columns = table(2, ("red", "green", "blue"), gaps=True)
    X, _ = loaded.encoding.transform(columns)
    expected = output_values(loaded, loaded.network.predict(X))
    found = run(model, columns)
    assert len(found) == len(expected)
    for (name, wanted), (called, values) in zip(expected.items(), found.items(), strict=True):
        assert called in (name, name + "_")  # where a feature has the name
        if name in ("label", "labels") and loaded.target_encoding.task != "regression":
            assert np.array(values).tolist() == np.array(wanted).tolist()
        else:
            scale = max(loaded.target_encoding.scale, default=1.0)
            assert np.abs(values - np.array(wanted)).max() <= 1e-5 * scale
    if target == "softmax":
        shares = found["probabilities"]
        assert shares.std(axis=0).min() > 0.005, "the test must tell rows apart"
