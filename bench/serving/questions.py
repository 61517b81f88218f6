"""How the same rows are asked of each server, and where the probabilities stand in its answer."""

from __future__ import annotations

import http.client
import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bench.serving.networks import Array, Served

TOLERANCE = 1e-5
JSON_TYPE = {"Content-Type": "application/json"}
PATIENCE_SECONDS = 60.0


class WrongAnswer(Exception):
    """A server answered with something else than the network's probabilities."""


@dataclass(frozen=True)
class Question:
    """A request, and what reads the probabilities from the answer's headers and body."""

    method: str
    path: str
    body: bytes
    read: Callable[[Mapping[str, str], bytes], Any] = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)

    def ask(self, port: int) -> Any:
        """Ask once, and read the answer.

        Raises
        ------
        WrongAnswer, OSError
        """
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        try:
            connection.request(self.method, self.path, self.body or None, dict(self.headers))
            response = connection.getresponse()
            answer = response.read()
        except http.client.HTTPException as error:
            raise WrongAnswer(f"{self.method} {self.path[:60]}: {error!r}") from None
        finally:
            connection.close()
        if not 200 <= response.status < 300:
            raise WrongAnswer(f"{self.method} {self.path[:60]}: {response.status} {answer[:200]!r}")
        return self.read({name.lower(): value for name, value in response.getheaders()}, answer)

    def check(self, port: int, expected: Array) -> None:
        """Ask once, and compare."""
        found = np.asarray(self.ask(port), dtype=np.float64).reshape(-1)
        off = np.inf if found.size != expected.size else float(np.abs(found - expected.reshape(-1)).max())
        if not off <= TOLERANCE:
            raise WrongAnswer(f"{self.method} {self.path[:60]}: the probabilities are off by {off:.2g}")

    def raw(self, port: int) -> bytes:
        """The request as it goes over the line."""
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.body:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode() + self.body


Asking = Callable[[Served, Array], Question]


def ours_get(network: Served, X: Array) -> Question:
    """The row in the address."""
    return Question("GET", f"/predict?model={_name(network)}&x={','.join(map(str, X[0].tolist()))}", b"", _ours)


def ours_post(network: Served, X: Array) -> Question:
    """Rows in JSON."""
    return Question("POST", "/predict", _json({"model": _name(network), "rows": X.tolist()}), _ours, JSON_TYPE)


def ours_v2(network: Served, X: Array) -> Question:
    """A tensor of the Open Inference Protocol."""
    return _v2(X, f"/v2/models/{_name(network)}/infer", "probabilities")


def ours_binary(network: Served, X: Array) -> Question:
    """The same with the tensors binary, in and out."""
    data = X.astype("<f4").tobytes()
    head = _json(
        {
            "inputs": [_tensor(X) | {"parameters": {"binary_data_size": len(data)}}],
            "outputs": [{"name": "probabilities", "parameters": {"binary_data": True}}],
        }
    )
    headers = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(head))}
    return Question("POST", f"/v2/models/{_name(network)}/infer", head + data, _v2_binary, headers)


def mlserver(network: Served, X: Array) -> Question:
    """The same tensor; only the output has another name."""
    return _v2(X, f"/v2/models/{_name(network)}/infer", "predict_proba")


def rows_json(_: Served, X: Array) -> Question:
    """What the applications of our own for FastAPI, LitServe and BentoML take."""
    return Question("POST", "/predict", _json({"rows": X.tolist()}), _probabilities, JSON_TYPE)


def fastapi_binary(_: Served, X: Array) -> Question:
    """The numbers as they are in memory."""
    headers = {"Content-Type": "application/octet-stream"}
    return Question("POST", "/binary", X.astype("<f4").tobytes(), _probabilities, headers)


def mlflow(_: Served, X: Array) -> Question:
    """A tensor in MLflow's form."""
    return Question(
        "POST",
        "/invocations",
        _json({"inputs": X.tolist()}),
        lambda _, body: json.loads(body)["predictions"],
        JSON_TYPE,
    )


def _v2(X: Array, path: str, output: str) -> Question:
    body = _json({"inputs": [_tensor(X) | {"data": X.reshape(-1).tolist()}], "outputs": [{"name": output}]})
    return Question("POST", path, body, lambda _, answer: json.loads(answer)["outputs"][0]["data"], JSON_TYPE)


def _tensor(X: Array) -> dict[str, Any]:
    return {"name": "input", "shape": list(X.shape), "datatype": "FP32"}


def _name(network: Served) -> str:
    return f"net-{network.shape}"


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _ours(_: Mapping[str, str], body: bytes) -> Any:
    return [list(each["probabilities"].values()) for each in json.loads(body)["predictions"]]


def _probabilities(_: Mapping[str, str], body: bytes) -> Any:
    return json.loads(body)["probabilities"]


def _v2_binary(headers: Mapping[str, str], body: bytes) -> Any:
    data = body[int(headers["inference-header-content-length"]) :]
    return struct.unpack(f"<{len(data) // 8}d", data)
