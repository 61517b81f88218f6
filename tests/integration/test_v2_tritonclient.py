"""Triton's own client, unchanged, against the server as a process: JSON and binary."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from store.settings import Settings
from tests.support.api import running
from tests.support.workers import Part

# In a process of its own: the client works with gevent.
_CLIENT = """
import json, sys
import numpy as np
import tritonclient.http as triton

client = triton.InferenceServerClient(sys.argv[1])
assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("iris")
assert client.is_model_ready("iris", "1") and not client.is_model_ready("tulips")
assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
(form,) = client.get_model_metadata("iris")["inputs"]
assert client.get_model_repository_index()[0]["name"] == "iris"
rows = np.array(json.loads(sys.argv[2]))
found = []
for binary_in, binary_out in ((True, True), (False, False), (True, False), (False, True)):
    given = triton.InferInput(form["name"], list(rows.shape), form["datatype"])
    given.set_data_from_numpy(rows, binary_data=binary_in)
    wanted = [triton.InferRequestedOutput(name, binary_data=binary_out) for name in ("label", "probabilities")]
    for outputs in (wanted, None) if binary_out else (wanted,):
        result = client.infer("iris", [given], outputs=outputs, request_id="r-1", priority=2)
        assert result.get_response()["id"] == "r-1"
        labels = [each.decode() if isinstance(each, bytes) else each for each in result.as_numpy("label").tolist()]
        found.append([labels, result.as_numpy("probabilities").tolist()])
columns = []
for name, place in (("sepal_length", 0), ("sepal_width", 1), ("petal_length", 2), ("petal_width", 3)):
    columns.append(triton.InferInput(name, [len(rows), 1], "FP64"))
    columns[-1].set_data_from_numpy(np.ascontiguousarray(rows[:, place : place + 1]))
result = client.infer("iris", columns, model_version="1")
found.append([[each.decode() for each in result.as_numpy("label").tolist()], result.as_numpy("probabilities").tolist()])
for model, tensors in (("tulips", columns), ("iris", columns[:2])):
    try:
        client.infer(model, tensors)
    except triton.InferenceServerException as error:
        assert error.status() == ("404" if model == "tulips" else "400"), error
        assert error.message(), error
    else:
        raise AssertionError("not refused")
client.close()
print(json.dumps(found))
"""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_client_works_unchanged_and_gets_the_numbers_of_predict(settings: Settings, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    rows = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3], [5.9, 2.8, 4.3, 1.3]]
    with running(settings) as api:
        api.upload_iris()
        api.trained(dataset="iris", target="species")
        expected = api.post("/predict", json={"model": "iris", "rows": rows}).json["predictions"]
    wanted = [[each["label"] for each in expected], [list(each["probabilities"].values()) for each in expected]]
    with Part("service.server", settings.model_copy(update={"port": port}), tmp_path / "api.log", "Started worker-1"):
        ran = subprocess.run(
            [sys.executable, "-c", _CLIENT, f"localhost:{port}", json.dumps(rows)],
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert len(found) == 7
    assert found == [wanted] * 7
