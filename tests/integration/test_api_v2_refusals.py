"""What `/v2` refuses: a hundred malformed requests, each by its status and in the protocol's form."""

from __future__ import annotations

import itertools
import json
import random
import shutil
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from store.settings import Settings
from tests.support.api import Api, running
from tests.support.inference import binary, tensor, texts


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, _migrated_sqlite: Any, redis_server: Any) -> Iterator[Api]:
    """An API with one model of a number, a boolean and a category, and low limits."""
    folder = tmp_path_factory.mktemp("v2-refusals")
    shutil.copyfile(_migrated_sqlite, folder / "test.db")
    settings = Settings(
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'test.db'}",
        broker_url=redis_server.url,
        max_json_bytes=20_000,
        max_predict_rows=50,
    )
    with running(settings) as api:
        lines = [f"{n % 7}.5,{['true', 'false'][n % 2]},{'rgb'[n % 3]},{'xy'[n % 2]}" for n in range(40)]
        api.upload("a,b,c,t\n" + "\n".join(lines) + "\n", "table")
        api.trained(dataset="table", target="t", model="m")
        yield api


A, B, C = tensor("a", "FP64", [1], [1]), tensor("b", "BOOL", [1], [True]), tensor("c", "BYTES", [1], ["r"])


def _with(**changes: Any) -> dict[str, Any]:
    return {"inputs": [{**A, **changes}, B, C]}


DOCUMENTS: list[Any] = [
    None, 1, "x", [], {}, {"inputs": None}, {"inputs": {}}, {"inputs": []}, {"inputs": [1]}, {"inputs": [{}]},
    {"inputs": [A, B]}, {"inputs": [A, A, B, C]}, {"inputs": [A, B, C, {**A, "name": "aa"}]},
    {"inputs": [A, B, C], "id": 7},
    {"inputs": [A, B, C], "parameters": []}, {"inputs": [A, B, C], "parameters": {"binary_data_output": 1}},
    {"inputs": [A, B, C], "outputs": {}}, {"inputs": [A, B, C], "outputs": [{"name": "nothing"}]},
    {"inputs": [A, B, C], "outputs": [{"name": "label"}, {"name": "label"}]}, {"inputs": [A, B, C], "outputs": [{}]},
    {"inputs": [A, B, C], "outputs": [{"name": "label", "parameters": {"classification": 2}}]},
    {"inputs": [A, B, C], "outputs": [{"name": "label", "parameters": {"binary_data": "yes"}}]},
    _with(name=None), _with(name=3), _with(name=""), _with(shape=None), _with(shape=[]), _with(shape=[0]),
    _with(shape=[-1]),
    _with(shape=[2]), _with(shape=[1, 2]), _with(shape=[1, 1, 1]), _with(shape=[51], data=[1] * 51), _with(shape=[1.5]),
    _with(shape="1"), _with(shape=[2**62, 2**62]), _with(shape=[2**70]), _with(datatype="FP8"), _with(datatype=None),
    _with(datatype="fp64"), _with(datatype="BOOL", data=[True]), _with(datatype="BYTES", data=["1"]), _with(data=None),
    _with(data=[]), _with(data=["1"]), _with(data=[True]), _with(data=1), _with(data={}), _with(data=[[1, 2]]),
    _with(data=[[1]]), _with(data=[[[1]]]), _with(data=[1, [1]]), _with(data=[1e39]),
    _with(datatype="FP32", data=[1e39]),
    _with(datatype="INT8", data=[128]), _with(datatype="UINT8", data=[-1]), _with(datatype="INT64", data=[2**63]),
    _with(datatype="INT32", data=[1.5]), _with(datatype="INT32", data=[None]), _with(datatype="FP16", data=[1e6]),
    _with(parameters={"binary_data_size": 8}), _with(parameters=[]), _with(parameters={"shared_memory_region": "r"}),
    _with(shape=[2], data=[1, 2]), {"inputs": [A, {**B, "datatype": "FP32", "data": [2]}, C]},
    {"inputs": [A, {**B, "data": [1]}, C]}, {"inputs": [A, B, {**C, "data": [1]}]},
    {"inputs": [A, B, {**C, "datatype": "INT8"}]},
    {"inputs": [tensor("input", "FP64", [1, 2], [1, 1]), A, C]},
    {"inputs": [tensor("input", "FP64", [1, 3], [1, 1, 1]), C]},
    {"inputs": [tensor("input", "FP64", [2], [1, 1]), C]}, {"inputs": [tensor("input", "BYTES", [1, 2], ["", ""]), C]},
    {"inputs": [tensor("input", "FP64", [1, 2], [1, 0.5]), C]},
]  # fmt: skip
TEXTS: list[bytes] = [
    b"", b"{", b"\xff", b'{"inputs": [', b"[" * 100, b'{"inputs": [{"name": "\xff"}]}', b'{"inputs": NaN}', b"\x00",
    json.dumps(_with(data=[float("nan")])).encode(), json.dumps(_with(data=[float("inf")])).encode(),
    json.dumps(_with()).encode() + b"1", b'{"inputs": [{"name": "\\ud800"}]}', json.dumps(_with()).encode("utf-16"),
    json.dumps(_with()).replace("[1]", "[1e999]").encode(),
    json.dumps(_with(parameters={"x": []})).replace("[]", "[" * 40 + "]" * 40).encode(),
]  # fmt: skip
ONE = np.array([1.0]).tobytes()
WHOLE = {"a": ("a", "FP64", [1], ONE), "b": ("b", "BOOL", [1], b"\1"), "c": ("c", "BYTES", [1], texts("r"))}


def _binary(name: str, datatype: str, shape: list[int], data: bytes) -> tuple[bytes, dict[str, str]]:
    """A request that is sound but for this tensor, which comes last."""
    return binary(*(each for each in WHOLE.values() if each[0] != name), (name, datatype, shape, data))


BINARIES: list[tuple[bytes, dict[str, str]]] = [
    _binary("a", "FP64", [1], b""),
    _binary("a", "FP64", [1], ONE[:7]),
    _binary("a", "FP64", [1], ONE * 2),
    _binary("a", "FP64", [2**40], ONE),
    _binary("a", "FP64", [1, 2**40], ONE),
    _binary("a", "FP64", [1], np.array([np.inf]).tobytes()),
    _binary("b", "BOOL", [1], b"\2"),
    _binary("c", "BYTES", [1], b""),
    _binary("c", "BYTES", [1], b"\5\0\0\0abc"),
    _binary("c", "BYTES", [1], texts("r") + b"x"),
    _binary("c", "BYTES", [1], b"\1\0\0\0\xff"),
    _binary("c", "BYTES", [1, 2**50], texts("r")),
    (binary(*WHOLE.values())[0] + b"x", binary(*WHOLE.values())[1]),
    *((json.dumps(_with()).encode(), {"Inference-Header-Content-Length": n})
    for n in ("-1", "x", "0", "99999", "3", "", "1e1")),
]  # fmt: skip


def refused(answer: Any, *statuses: int) -> None:
    assert answer.status_code in statuses, (answer.status_code, answer.text)
    assert answer.content_type == "application/json"
    assert list(answer.json) == ["error"]
    assert answer.json["error"]
    assert answer.headers["X-Request-Id"]


def test_a_hundred_malformed_requests_are_each_a_400(api: Api) -> None:
    requests = [(json.dumps(document).encode(), {}) for document in DOCUMENTS]
    requests += [(text, {}) for text in TEXTS] + BINARIES
    assert len(requests) >= 100
    for body, headers in requests:
        answer = api.post("/v2/models/m/infer", data=body, headers=headers)
        assert answer.status_code == 400, (body[:300], headers, answer.text)
        refused(answer, 400)
    assert api.post("/v2/models/m/infer", json=_with()).status_code == 200
    body, headers = binary(*WHOLE.values())
    assert api.post("/v2/models/m/infer", data=body, headers=headers).status_code == 200


def test_what_is_damaged_at_random_is_never_a_fault_of_ours(api: Api) -> None:
    generator = random.Random(5)
    body, headers = binary(("a", "FP32", [1], b"\0\0\x80?"), ("b", "BOOL", [1], b"\1"), ("c", "BYTES", [1], texts("r")))
    assert api.post("/v2/models/m/infer", data=body, headers=headers).status_code == 200
    for _ in range(300):
        damaged = bytearray(body)
        for _ in range(generator.randint(1, 4)):
            damaged[generator.randrange(len(damaged))] = generator.randrange(256)
        answer = api.post("/v2/models/m/infer", data=bytes(damaged), headers=headers)
        assert answer.status_code in (200, 400), (damaged, answer.text)


def test_what_is_unknown_not_ready_or_too_large_has_its_status(api: Api) -> None:
    for path in ("/v2/models/n", "/v2/models/n/ready", "/v2/models/m/versions/2",
    "/v2/models/m/versions/0/ready", "/v2/nothing",
                 "/v2/models/m/versions/99999999999999", "/v2/models/m/versions/x",
                 "/v2/models/%00", "/v2/models/m/versions/1/2"):  # fmt: skip
        refused(api.get(path), 404, 400 if "%00" in path else 404)
    for path, body in itertools.product(("/v2/models/n/infer", "/v2/models/m/versions/2/infer"), (_with(), {})):
        refused(api.post(path, json=body), 404)
    refused(api.get("/v2/models/m/infer"), 405)
    refused(api.delete("/v2"), 405)
    refused(api.post("/v2/models/m/infer", data=b" " * 20_001), 413)
    refused(api.post("/v2/models/m/infer", json=_with(), headers={"Content-Encoding": "gzip"}), 415)
    refused(api.get("/v2/health/live", headers={"Host": "elsewhere.example"}), 403)
    refused(api.get("/v2/models/m?x=1"), 400)
    refused(api.post("/v2/repository/index", data=b"{"), 400)
    refused(api.post("/v2/repository/index", json={"ready": 1}), 400)
