"""Versions from elsewhere: our own file to the bit, scikit-learn's networks, and what is refused."""

from __future__ import annotations

import copy
import json
import warnings
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from sklearn.neural_network import MLPClassifier, MLPRegressor

from tests.support.api import SETOSA, Api

FILE = "application/vnd.safetensors"
JSON: dict[str, Any] = {
    "task": "classification",
    "target": "t",
    "features": ["a", "b"],
    "classes": ["x", "y", "z"],
    "activation": "tanh",
    "out_activation": "softmax",
    "coefs": [[[0.1, 0.2], [0.3, 0.4]], [[1, 2, 3], [4, 5, 6]]],
    "intercepts": [[0.1, 0.2], [0.1, 0.2, 0.3]],
}


@pytest.fixture
def data(api: Api) -> bytes:
    """The file of a version of iris."""
    api.upload_iris()
    api.trained(dataset="iris", target="species")
    return bytes(api.get("/models/iris/versions/1/weights").data)


def changed(data: bytes, **about: Any) -> bytes:
    """The file with other metadata."""
    length = int.from_bytes(data[:8], "little")
    told = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["mlp"])
    return safetensors.numpy.save(safetensors.numpy.load(data), {"mlp": json.dumps({**told, **about})})


def test_a_file_comes_back_to_the_bit_and_answers_by_its_number_only(api: Api, data: bytes) -> None:
    for media_type in (FILE, "application/octet-stream"):
        answer = api.post("/models/copy/versions", data=data, content_type=media_type)
        assert answer.status_code == 201, answer.text
    version, original = answer.json, api.get("/models/iris/versions/1").json
    assert answer.headers["Location"] == "/models/copy/versions/2"
    assert (version["source"], version["sha256"]) == ("imported", original["sha256"])
    again = api.get("/models/copy/versions/2/weights").data
    tensors, before = safetensors.numpy.load(again), safetensors.numpy.load(data)
    assert {name: each.tobytes() for name, each in tensors.items()} == {n: each.tobytes() for n, each in before.items()}
    asked = {"model": "copy", "version": 2, "records": [SETOSA]}
    expected = api.post("/predict", json={"model": "iris", "records": [SETOSA]}).json["predictions"]
    assert api.post("/predict", json=asked).json["predictions"] == expected
    assert api.post("/predict", json={"model": "copy", "records": [SETOSA]}).status_code == 404
    assert api.get("/v2/models/copy/ready").status_code == 503
    assert api.get("/models/copy/versions").json["items"][0]["version"] == 2
    clash = api.post("/models/iris/versions", json=JSON)
    assert (clash.status_code, clash.json["code"]) == (409, "model_target_mismatch")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", ["two classes", "three classes", "regression", "multilabel"])
def test_a_network_of_scikit_learn_answers_as_it_did_there(api: Api, kind: str) -> None:
    X = np.random.default_rng(0).normal(size=(80, 3))
    total = X.sum(axis=1)
    y = {
        "two classes": np.where(total > 0, "p", "n"),
        "three classes": np.digitize(total, [-1, 1]),
        "regression": total,
        "multilabel": np.stack([total > 0, X[:, 0] > 0], axis=1).astype(int),
    }[kind]
    task = kind if kind in ("regression", "multilabel") else "classification"
    made: Any = (MLPRegressor if task == "regression" else MLPClassifier)(
        hidden_layer_sizes=(6, 5), max_iter=40, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made.fit(X / 2, y)
    body = {
        "task": task,
        "target": ["p", "q"] if task == "multilabel" else "t",
        "features": ["a", "b", "c"],
        "activation": made.activation,
        "out_activation": made.out_activation_,
        "coefs": [each.tolist() for each in made.coefs_],
        "intercepts": [each.tolist() for each in made.intercepts_],
        "mean": [0, 0, 0],
        "scale": [2, 2, 2],
    }
    if task == "classification":
        body["classes"] = made.classes_.tolist()
    answer = api.post("/models/theirs/versions", json=body)
    assert answer.status_code == 201, answer.text
    found = api.post("/predict", json={"model": "theirs", "version": 1, "rows": X.tolist()}).json["predictions"]
    if task == "regression":
        assert np.allclose([each["value"] for each in found], made.predict(X / 2), atol=1e-5)
    else:
        shares = [list(each["probabilities"].values()) for each in found]
        assert np.allclose(shares, made.predict_proba(X / 2), atol=1e-5)


def _json(**fields: Any) -> dict[str, Any]:
    return {**copy.deepcopy(JSON), **fields}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, None),
        (_json(more=1), None),
        (_json(task="ranking"), "/task"),
        (_json(activation="gelu"), "/activation"),
        (_json(features=["a"]), "/network/layer_sizes"),
        (_json(features=["a", "a"]), "/encoding/features"),
        (_json(features=["a", "t"]), "/encoding/features"),
        (_json(features=["a", ""]), "/encoding/features/1/name"),
        (_json(features=["a", "b\0"]), "/encoding/features/1/name"),
        (_json(features=[]), "/encoding/features"),
        (_json(classes=["x", "y"]), "/network/layer_sizes"),
        (_json(classes=["x", "x", "y"]), "/target_encoding/classes"),
        (_json(classes=[]), "/target_encoding/classes"),
        (_json(target=["t", "u"]), "/target_encoding/names"),
        (_json(coefs=[]), "/coefs"),
        (_json(coefs=[[[1]], [[1]]]), "/coefs/0"),
        (_json(coefs=[[[1, 1], [1]], [[1, 1, 1], [1, 1, 1]]]), "/coefs/0"),
        (_json(coefs=[[[1, 1], [1, 1]], [[1, 1, 1]]]), None),
        (_json(coefs=[[[1, 1], [1, 1e39]], [[1, 1, 1], [1, 1, 1]]]), None),
        (_json(intercepts=[[1, 1]]), "/intercepts"),
        (_json(intercepts=[[1, "1"], [1, 1, 1]]), "/intercepts/0/1"),
        (_json(mean=[1]), "/mean"),
        (_json(scale=[1, 0]), "/encoding/features/1/scale"),
        (_json(scale=[1e300, 1]), "/encoding/features/0/scale"),
        (_json(mean=[1, -1e300]), "/encoding/features/1/mean"),
        (_json(task="regression", out_activation="identity"), "/target_encoding/classes"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_does_not_fit_is_422_and_leaves_nothing(api: Api, body: dict[str, Any], pointer: str | None) -> None:
    before = api.traces()
    answer = api.post("/models/theirs/versions", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json.get("errors", [{}])[0].get("pointer") == pointer
    assert api.traces() == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_damaged_file_is_422_and_leaves_nothing(api: Api, data: bytes) -> None:
    before = api.traces()
    tensors = safetensors.numpy.load(data)
    bad = [b"", b"x", data[:-1], data[:50], data + b"x", b"\xff" * 100, safetensors.numpy.save(tensors)]
    bad += [data[:-1] + bytes([data[-1] ^ 1])]  # another weight than that of the sha256
    bad += [safetensors.numpy.save(tensors, {"mlp": text}) for text in ("", "{", "[]", "{}", "null", '"\\ud800"')]
    bad += [changed(data, **{name: None}) for name in ("network", "encoding", "target_encoding", "schema")]
    far = {
        "format_version": 1,
        "task": "regression",
        "names": ["species"],
        "classes": [],
        "mean": [0],
        "scale": [1e308],
    }
    bad += [changed(data, target_encoding=far)]
    bad += [changed(data, format_version=2), changed(data, sha256="0"), changed(data, schema={"features": []})]
    bad += [
        changed(data, network={"layer_sizes": sizes, "activation": "relu", "output_activation": "softmax"})
        for sizes in ([4, 3], [4], [4, 0, 3], [10**9, 3])
    ]
    for body in bad:
        answer = api.post("/models/theirs/versions", data=body, content_type=FILE)
        assert answer.status_code in (400, 422), answer.text
    answer = api.post("/models/theirs/versions", data=data, content_type="application/x-pickle")
    assert answer.status_code == 415
    assert api.post("/models/-/versions", data=data, content_type=FILE).status_code == 422
    assert api.traces() == before
