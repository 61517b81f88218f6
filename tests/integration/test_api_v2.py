"""The Open Inference Protocol V2 over the API: metadata, health, inference, and the numbers of POST /predict."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from store.settings import Settings
from tests.support.api import Api, running
from tests.support.inference import binary, outputs_of, tensor, texts

ROWS = 60
FEATURES = ["width", "count", "flag", "colour"]
NUMBERS = ["width", "count", "flag"]


def _table() -> str:
    random = np.random.default_rng(3)
    lines = ["width,count,flag,colour,kind,grade,open,value"]
    for row in range(ROWS):
        width = random.normal()
        cells = [f"{width:.4f}", row % 5, ["true", "false"][row % 2], ["red", "blue", ""][row % 3]]
        targets = ["big" if width > 0 else "small", row % 3 + 1, ["true", "false"][width > 0.5], f"{10 * width:.3f}"]
        lines.append(",".join(map(str, cells + targets)))
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, _migrated_sqlite: Any, redis_server: Any) -> Iterator[Api]:
    """An API with models of several tasks; nothing here changes any."""
    folder = tmp_path_factory.mktemp("v2")
    shutil.copyfile(_migrated_sqlite, folder / "test.db")
    settings = Settings(data_dir=folder, database_url=f"sqlite:///{folder / 'test.db'}", broker_url=redis_server.url)
    with running(settings) as api:
        api.upload(_table(), "mixed")
        for target in ("kind", "grade", "open", "value"):
            api.trained(dataset="mixed", target=target, model=target, features=FEATURES)
        api.trained(dataset="mixed", target="kind", model="numbers", features=NUMBERS)
        api.trained(dataset="mixed", target=["value", "width"], task="regression", model="several", features=["count"])
        api.trained(dataset="mixed", target=["flag", "open"], task="multilabel", model="labels", features=["width"])
        yield api


RECORDS: list[dict[str, Any]] = [
    {"width": 0.5, "count": 2, "flag": True, "colour": "red"},
    {"width": None, "count": 4, "flag": False, "colour": "blue"},
    {"width": -1.25, "count": 0, "flag": True, "colour": "green"},
    {"width": 0.1, "count": 1, "flag": False, "colour": None},
]
COLUMNS = [
    tensor("width", "FP64", [4], [0.5, None, -1.25, 0.1]),
    tensor("count", "INT32", [4, 1], [[2], [4], [0], [1]]),
    tensor("flag", "BOOL", [4, 1], [True, False, True, False]),
    tensor("colour", "BYTES", [4], ["red", "blue", "green", None]),
]


def infer(api: Api, model: str, inputs: list[dict[str, Any]], **fields: Any) -> Any:
    answer = api.post(f"/v2/models/{model}/infer", json={"inputs": inputs, **fields})
    assert answer.status_code == 200, answer.text
    return answer


def test_the_server_and_its_health_are_told(api: Api) -> None:
    for path in ("/v2", "/v2/"):
        document = api.get(path).json
        assert document["name"] == "mlp-service"
        assert "binary_tensor_data" in document["extensions"]
    assert api.get("/v2/health/live").json == {"live": True}
    assert api.get("/v2/health/ready").json == {"ready": True}
    assert api.get("/v2/models/kind/ready").json == {"name": "kind", "ready": True}
    assert api.get("/v2/models/kind/versions/1/ready").status_code == 200
    index = api.post("/v2/repository/index", json={"ready": True}).json
    assert {"name": "kind", "version": "1", "state": "READY", "reason": ""} in index
    assert api.post("/v2/repository/index").json == index


def test_the_metadata_name_inputs_and_outputs(api: Api) -> None:
    mixed = api.get("/v2/models/kind").json
    assert mixed == api.get("/v2/models/kind/versions/1").json
    assert mixed["versions"] == ["1"]
    datatypes = [("width", "FP64"), ("count", "FP64"), ("flag", "BOOL"), ("colour", "BYTES")]
    assert mixed["inputs"] == [{"name": n, "datatype": d, "shape": [-1, 1]} for n, d in datatypes]
    assert [(o["name"], o["datatype"], o["shape"]) for o in mixed["outputs"]] == [
        ("label", "BYTES", [-1]),
        ("probabilities", "FP64", [-1, 2]),
    ]
    assert mixed["outputs"][1]["parameters"] == {"classes": '["big","small"]'}
    numbers = api.get("/v2/models/numbers").json
    assert numbers["inputs"] == [{"name": "input", "datatype": "FP64", "shape": [-1, 3]}]
    assert [api.get(f"/v2/models/{m}").json["outputs"][0]["datatype"] for m in ("grade", "open")] == ["INT64", "BOOL"]


@pytest.mark.parametrize("as_binary", [False, True])
@pytest.mark.parametrize("model", ["kind", "grade", "open", "value"])
def test_the_numbers_are_those_of_predict_to_the_bit(api: Api, model: str, as_binary: bool) -> None:
    expected = api.post("/predict", json={"model": model, "records": RECORDS}).json
    answer = infer(api, model, COLUMNS, parameters={"binary_data_output": as_binary})
    assert ("Inference-Header-Content-Length" in answer.headers) == as_binary
    outputs = outputs_of(answer)
    if model == "value":
        assert list(outputs["value"]) == [each["value"] for each in expected["predictions"]]
    else:
        assert list(outputs["label"]) == [each["label"] for each in expected["predictions"]]
        shares = [list(each["probabilities"].values()) for each in expected["predictions"]]
        assert np.array(outputs["probabilities"]).reshape(4, -1).tolist() == shares


def test_several_targets_and_labels_have_their_own_outputs(api: Api) -> None:
    rows = [[1], [2]]
    expected = api.post("/predict", json={"model": "several", "rows": rows}).json["predictions"]
    outputs = outputs_of(infer(api, "several", [tensor("input", "FP32", [2, 1], rows)]))
    assert outputs == {name: [each["values"][name] for each in expected] for name in ("value", "width")}
    expected = api.post("/predict", json={"model": "labels", "rows": rows}).json["predictions"]
    outputs = outputs_of(infer(api, "labels", [tensor("width", "UINT8", [2], [1, 2])]))
    assert outputs["probabilities"] == [share for each in expected for share in each["probabilities"].values()]
    assert outputs["labels"] == [name in each["labels"] for each in expected for name in ("flag", "open")]


@pytest.mark.parametrize("datatype", ["FP16", "FP32", "FP64", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT64"])
def test_every_datatype_of_numbers_comes_flat_nested_and_binary(api: Api, datatype: str) -> None:
    kind = np.dtype(datatype.lower().replace("fp", "float"))
    values = np.array([[0.1, 3, 1], [1.7, 0, 0]]).astype(kind)
    expected = api.post(
        "/predict", json={"model": "numbers", "rows": [[float(w), int(c), bool(f)] for w, c, f in values]}
    )
    shares = [list(each["probabilities"].values()) for each in expected.json["predictions"]]
    flat = infer(api, "numbers", [tensor("input", datatype, [2, 3], values.ravel().tolist())])
    nested = infer(api, "numbers", [tensor("input", datatype, [2, 3], values.tolist())])
    assert flat.json == nested.json
    assert np.array(outputs_of(flat)["probabilities"]).reshape(2, 2).tolist() == shares
    body, headers = binary(("input", datatype, [2, 3], values.tobytes()))
    answer = api.post("/v2/models/numbers/versions/1/infer", data=body, headers=headers)
    assert answer.json == flat.json


def test_a_missing_number_is_nan_in_binary_and_texts_come_with_their_lengths(api: Api) -> None:
    body, headers = binary(
        ("input", "FP64", [4, 3], np.array([[0.5, 2, 1], [np.nan, 4, 0], [-1.25, 0, 1], [0.1, 1, 0]]).tobytes()),
        ("colour", "BYTES", [4, 1], texts("red", "blue", "green", "")),
        parameters={"binary_data_output": True},
    )
    answer = api.post("/v2/models/kind/infer", data=body, headers=headers)
    assert answer.status_code == 200, answer.text
    expected = outputs_of(infer(api, "kind", COLUMNS, parameters={"binary_data_output": True}))
    assert outputs_of(answer)["label"] == expected["label"]
    assert (outputs_of(answer)["probabilities"] == expected["probabilities"]).all()


def test_outputs_are_chosen_ids_echoed_and_warnings_given(api: Api) -> None:
    outputs = [{"name": "probabilities", "parameters": {"binary_data": True}}, {"name": "label"}]
    answer = infer(api, "kind", COLUMNS, id="a-7", outputs=outputs)
    assert list(outputs_of(answer)) == ["probabilities", "label"]
    answer = infer(api, "kind", COLUMNS, id="a-7", outputs=[{"name": "label"}], parameters={"priority": 3})
    assert (answer.json["id"], answer.json["model_name"], answer.json["model_version"]) == ("a-7", "kind", "1")
    assert list(outputs_of(answer)) == ["label"]
    assert "unseen_category" in answer.json["parameters"]["warnings"]
    passed_over = infer(
        api, "kind", [*COLUMNS, tensor("kind", "BYTES", [4], ["big"] * 4)], id="a-7", outputs=[{"name": "label"}]
    )
    assert passed_over.json == {**answer.json}
