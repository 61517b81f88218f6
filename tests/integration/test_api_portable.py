"""Models that travel: the weights of a version, and the code of the page that reads them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import safetensors
import safetensors.numpy

from store import registry
from tests.support.api import Api

PAGE = Path(__file__).parents[2] / "docs" / "models-that-travel.md"
ROWS: list[dict[str, Any]] = [
    {"size": 3.25, "flag": True, "colour": "red"},
    {"size": None, "flag": False, "colour": "blue"},
    {"size": -1e9, "flag": True, "colour": "green"},
    {"size": 0.5, "flag": False, "colour": None},
]


def mixed_table(rows: int = 60) -> str:
    """A number and a category with gaps, a boolean, a constant, and a class."""
    random = np.random.default_rng(8)
    lines = ["size,flag,colour,same,kind"]
    for row in range(rows):
        size = random.normal()
        cells = ["" if row % 7 == 3 else f"{size:.5f}", str(row % 2 == 0).lower(), ["red", "blue", ""][row % 3], "4"]
        lines.append(",".join([*cells, "big" if size > 0 else "small"]))
    return "\n".join(lines) + "\n"


@pytest.fixture
def trained(api: Api) -> Api:
    """The API with a model `m` of a mixed table."""
    api.upload(mixed_table(), "mixed")
    api.trained(dataset="mixed", target="kind", model="m")
    return api


def test_the_code_of_the_page_predicts_what_the_service_predicts(trained: Api, tmp_path: Path) -> None:
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)[0]
    answer = trained.get("/models/m/versions/1/weights")
    assert answer.content_type == "application/vnd.safetensors"
    path = tmp_path / "m.safetensors"
    path.write_bytes(answer.data)
    namespace: dict[str, Any] = {}
    exec(compile(code, "models-that-travel.md", "exec"), namespace)  # the page's own code
    rows = [{**row, "same": 4} for row in ROWS]
    expected = trained.post("/predict", json={"model": "m", "records": rows}).json["predictions"]
    for row, prediction in zip(rows, expected, strict=True):
        found = namespace["predict"](path, row)
        assert found == pytest.approx(prediction["probabilities"], abs=1e-6)


def test_the_file_holds_the_bits_of_the_registry_and_says_what_they_are(trained: Api, tmp_path: Path) -> None:
    data = trained.get("/models/m/versions/1/weights").data
    assert data == trained.get("/models/m/versions/1/weights").data
    with trained.parts.database.read() as s:
        row = registry.get_version(s, "default", "m", 1)
        stored = safetensors.numpy.load(registry.load_weights(s, row))
    found = safetensors.numpy.load(data)
    assert {name: tensor.tobytes() for name, tensor in found.items()} == {n: t.tobytes() for n, t in stored.items()}
    path = tmp_path / "m.safetensors"
    path.write_bytes(data)
    with safetensors.safe_open(path, "np") as file:
        about = json.loads(file.metadata()["mlp"])
    version = trained.get("/models/m/versions/1").json
    assert (about["sha256"], about["network"], about["schema"]) == (
        version["sha256"],
        version["network"],
        version["schema"],
    )
    assert about["encoding"] == row.encoding
    assert about["target_encoding"] == row.target_encoding


@pytest.mark.parametrize("path", ["m/versions/9", "n/versions/1"])
def test_the_weights_of_what_does_not_exist_are_404(trained: Api, path: str) -> None:
    assert trained.get(f"/models/{path}/weights").status_code == 404


def test_the_onnx_model_answers_as_the_service_does(trained: Api) -> None:
    answer = trained.get("/models/m/versions/1/onnx")
    assert answer.content_type == "application/onnx"
    session = onnxruntime.InferenceSession(answer.data)
    assert session.get_modelmeta().custom_metadata_map["mlp"]
    numbers = [[np.nan if row["size"] is None else row["size"], row["flag"], 4.0] for row in ROWS]
    texts = np.array([[row["colour"] or ""] for row in ROWS], dtype=object)
    label, shares = session.run(None, {"input": np.array(numbers, dtype=np.float64), "colour": texts})
    records = [{**row, "same": 4} for row in ROWS]
    expected = trained.post("/predict", json={"model": "m", "records": records}).json["predictions"]
    assert label.tolist() == [each["label"] for each in expected]
    assert np.allclose(shares, [list(each["probabilities"].values()) for each in expected], rtol=0, atol=1e-5)


def test_without_its_package_onnx_is_not_available(trained: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.portable.onnx_file.can_export", lambda: False)
    answer = trained.get("/models/m/versions/1/onnx")
    assert (answer.status_code, answer.json["code"]) == (422, "not_available")
