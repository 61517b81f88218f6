"""The networks as versions of our own service: imported over HTTP, as a user's scikit-learn network would be."""

from __future__ import annotations

import http.client
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.serving.networks import Served
from bench.serving.process import ServerProcess
from bench.serving.sides import SIDES, Launch
from mlp.guardian import Guardian
from store import schema

IMPORT_SECONDS = 300.0


def publish(networks: Sequence[Served], folder: Path, port: int, cores: Sequence[int], guardian: Guardian) -> None:
    """Make a data folder whose models are the networks, each answering unnamed by its alias `champion`."""
    folder.mkdir(parents=True, exist_ok=True)
    schema.upgrade(f"sqlite:///{folder / 'mlp.db'}")
    ours = SIDES[0]
    command, variables = ours.command(Launch(networks[0], port, 1, folder, ours.programs))
    server = ServerProcess(command, {**ours.environment(), **variables}, folder, folder / "import.log", cores, guardian)
    try:
        server.wait_until(lambda: _call(port, "GET", "/healthz"))
        for network in networks:
            name = f"/models/net-{network.shape}"
            version = _call(port, "POST", f"{name}/versions", _as_sklearn_tells(network))["version"]
            _call(port, "PUT", f"{name}/aliases/champion", {"version": version})
    finally:
        server.stop()


def _as_sklearn_tells(network: Served) -> dict[str, Any]:
    layers = network.layers()
    return {
        "task": "classification",
        "target": "class",
        "features": network.features,
        "classes": network.classes,
        "activation": "relu",
        "out_activation": "softmax",
        # Of four decimals, which float32 gives back: the same float32 at the other end, in a fifth of the text.
        "coefs": [W.round(4).tolist() for W, _ in layers],
        "intercepts": [b.round(4).tolist() for _, b in layers],
    }


def _call(port: int, method: str, path: str, body: Any = None) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=IMPORT_SECONDS)
    try:
        data = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        connection.request(method, path, data, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = response.read()
    finally:
        connection.close()
    if response.status >= 300:
        raise RuntimeError(f"{method} {path}: {response.status} {answer[:300]!r}")
    return json.loads(answer)
