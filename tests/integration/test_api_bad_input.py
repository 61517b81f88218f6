"""Bad JSON, unknown paths, wrong methods: a problem with its code and place, and nothing left behind."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.api import IRIS, Api
from tests.support.refusals import IRIS_BODY, refused

DEEP = 100_000

pytestmark = pytest.mark.usefixtures("nothing_is_left_behind")


JSON: dict[str, tuple[bytes, int, str, dict[str, Any]]] = {
    "not JSON": (b"{", 400, "invalid_json", {}),
    "nothing": (b"", 400, "invalid_json", {}),
    "not an object": (b"[]", 422, "wrong_type", {}),
    "a string of JSON": (json.dumps(json.dumps(IRIS_BODY)).encode(), 422, "wrong_type", {}),
    "100,000 lists deep": (b'{"dataset":' + b"[" * DEEP + b"]" * DEEP + b"}", 400, "json_too_deep", {}),
    "100,000 brackets without end": (b"[" * DEEP, 400, "json_too_deep", {}),
    "20,000 objects deep": (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, 400, "json_too_deep", {}),
    "a 5,000-digit integer": (
        b'{"dataset":"iris","target":"species","epochs":' + b"9" * 5_000 + b"}",
        400,
        "number_too_long",
        {},
    ),
    "a 300-digit integer": (
        b'{"dataset":"iris","target":"species","epochs":' + b"9" * 300 + b"}",
        422,
        "invalid_configuration",
        {"pointer": "/epochs"},
    ),
    "duplicate keys": (
        b'{"dataset":"iris","network":{"hidden":[1],"hidden":[2]}}',
        400,
        "duplicate_key",
        {"pointer": "/network/hidden"},
    ),
    "a lone surrogate": (b'{"dataset":"iris","target":"\\ud800"}', 400, "lone_surrogate", {"pointer": "/target"}),
    "a lone surrogate in a key": (b'{"dataset":"iris","\\udc00":1}', 400, "lone_surrogate", {}),
    "not UTF-8": (b'{"dataset":"\xff"}', 400, "not_utf8", {}),
    "NaN": (
        b'{"dataset":"iris","target":"species","optimizer":{"learning_rate":NaN}}',
        400,
        "not_finite",
        {"pointer": "/optimizer/learning_rate"},
    ),
    "infinity by its exponent": (
        b'{"dataset":"iris","target":"species","l2":1e999}',
        422,
        "number_out_of_range",
        {"pointer": "/l2"},
    ),
}


@pytest.mark.parametrize("case", JSON)
@pytest.mark.parametrize("path", ["/train", "/datasets", "/predict"])
def test_bad_json_is_refused(refusing: Api, path: str, case: str) -> None:
    data, status, code, place = JSON[case]
    answer = refusing.post(path, data=data, content_type="application/json")
    if path == "/train" or status in (400, 413) or case in ("not an object", "a string of JSON"):
        refused(answer, status, code, **place)
    else:
        assert answer.status_code == 422


OTHERS: dict[str, tuple[str, str, int, str]] = {
    "unknown path": ("GET", "/nothing", 404, "path_not_found"),
    "unknown path below": ("GET", "/jobs/a/b/c", 404, "path_not_found"),
    "wrong method": ("PUT", "/train", 405, "method_not_allowed"),
    "wrong method of an odd kind": ("BREW", "/train", 405, "method_not_allowed"),
    "unknown dataset": ("GET", "/datasets/none", 404, "dataset_not_found"),
    "unknown dataset's rows": ("GET", "/datasets/none/rows", 404, "dataset_not_found"),
    "unknown dataset's file": ("GET", "/datasets/none/download", 404, "dataset_not_found"),
    "delete an unknown dataset": ("DELETE", "/datasets/none", 404, "dataset_not_found"),
    "unknown form of a file": ("GET", "/datasets/iris/download?format=xls", 422, "invalid_value"),
    "unknown job": ("GET", "/jobs/job_01K00000000000000000000000", 404, "job_not_found"),
    "unknown job's history": ("GET", "/jobs/none/history", 404, "job_not_found"),
    "unknown job's events": ("GET", "/jobs/none/events", 404, "job_not_found"),
    "cancel an unknown job": ("POST", "/jobs/none/cancel", 404, "job_not_found"),
    "retry an unknown job": ("POST", "/jobs/none/retry", 404, "job_not_found"),
    "delete an unknown job": ("DELETE", "/jobs/none", 404, "job_not_found"),
    "a NUL in a path": ("GET", "/jobs/a%00b", 400, "invalid_address"),
    "markup in a path": ("GET", "/models/<script>", 404, "model_not_found"),
    "unknown model": ("GET", "/models/none", 404, "model_not_found"),
    "unknown model's versions": ("GET", "/models/none/versions", 404, "model_not_found"),
    "unknown version": ("GET", "/models/iris/versions/99", 404, "version_not_found"),
    "a version beyond any": ("GET", "/models/iris/versions/99999999999999999999", 404, "version_not_found"),
    "a version that is no number": ("GET", "/models/iris/versions/one", 422, "invalid_value"),
    "limit 0": ("GET", "/jobs?limit=0", 422, "invalid_value"),
    "limit 501": ("GET", "/datasets?limit=501", 422, "invalid_value"),
    "a limit that is no number": ("GET", "/models?limit=ten", 422, "invalid_value"),
    "an unknown parameter": ("GET", "/jobs?stat=queued", 422, "unknown_parameter"),
    "an unknown status": ("GET", "/jobs?status=done", 422, "invalid_value"),
    "a repeated parameter": ("GET", "/jobs?limit=1&limit=2", 422, "repeated_parameter"),
    "a made-up cursor": ("GET", "/jobs?cursor=abc", 422, "invalid_cursor"),
    "another list's cursor": ("GET", "/jobs?cursor=WzEsMl0", 422, "invalid_cursor"),
    "a cursor of another alphabet": ("GET", "/jobs?cursor=%C3%A9", 422, "invalid_cursor"),
    "a cursor of half a character": ("GET", "/datasets?cursor=Ilx1ZDgwMCI", 422, "invalid_cursor"),
    "a job's cursor of half a character": ("GET", "/jobs?cursor=Ilx1ZDgwMCI", 422, "invalid_cursor"),
    "a model's cursor of half a character": ("GET", "/models?cursor=WzEuMCwiXHVkODAwIl0", 422, "invalid_cursor"),
    "a cursor with NUL": ("GET", "/jobs?cursor=ImFcdTAwMDBiIg", 422, "invalid_cursor"),
    "a cursor of a huge number": (
        "GET",
        "/models/iris/versions?cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk",
        422,
        "invalid_cursor",
    ),
    "a cursor of another table's rows": (
        "GET",
        "/datasets/iris/rows?cursor=WyJkc18wMUswMDAwMDAwMDAwMDAwMDAwMDAwMDAwMCIsIDNd",
        422,
        "invalid_cursor",
    ),
    "two slashes": ("GET", "/datasets//rows", 404, "path_not_found"),
    "a fraction for a limit": ("GET", "/datasets?limit=1.0", 422, "invalid_value"),
    "a blank before a limit": ("GET", "/jobs?limit=%205", 422, "invalid_value"),
    "a zero before a limit": ("GET", "/models?limit=05", 422, "invalid_value"),
    "a zero before a version": ("GET", "/models/iris/versions/01", 422, "invalid_value"),
    "a zero before a dataset's version": ("GET", "/datasets/iris@01", 404, "dataset_not_found"),
    "jobs of an unknown model": ("GET", "/jobs?model=none", 404, "model_not_found"),
    "versions of an unknown dataset": ("GET", "/datasets?name=none", 404, "dataset_not_found"),
    "a parameter where there is none": ("GET", "/healthz?verbose=1", 422, "unknown_parameter"),
    "a parameter of the document": ("GET", "/openapi.json?format=yaml", 422, "unknown_parameter"),
    "a parameter beside a body": ("POST", "/predict?model=iris", 422, "unknown_parameter"),
    "a huge number": ("GET", "/jobs/none/history?after_epoch=99999999999999999999", 422, "invalid_value"),
}


@pytest.mark.parametrize("case", OTHERS)
def test_other_bad_requests_are_refused(refusing: Api, case: str) -> None:
    method, path, status, code = OTHERS[case]
    refused(refusing.client.open(path, method=method), status, code)


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        ({"keep": "all"}, "invalid_value", "/keep"),
        ({"kepe": "best"}, "unknown_field", "/kepe"),
        ({"keep": True}, "invalid_value", "/keep"),
    ],
)
def test_a_bad_cancel_is_refused(refusing: Api, body: dict[str, Any], code: str, place: str) -> None:
    path = refusing.get("/jobs").json["items"][0]["links"]["self"] + "/cancel"
    refused(refusing.post(path, json=body), 422, code, pointer=place)
    refused(refusing.post(path, data="{", content_type="application/json"), 400, "invalid_json")
    refused(refusing.post(path, data="{}"), 415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        ({"tags": {"a": 1}}, "wrong_type", "/tags/a"),
        ({"description": None}, "wrong_type", "/description"),
        ({"tags": None}, "wrong_type", "/tags"),
        ({"description": "a\0b"}, "invalid_value", "/description"),
        ({"tags": {"": "x"}}, "out_of_range", "/tags/"),
        ({"description": "a", "name": "b"}, "unknown_field", "/name"),
        ({"description": 5}, "wrong_type", "/description"),
    ],
)
def test_a_bad_description_is_refused(refusing: Api, body: dict[str, Any], code: str, place: str) -> None:
    for path in ("/models/iris", "/models/iris/versions/1"):
        refused(refusing.client.patch(path, json=body), 422, code, pointer=place)


@pytest.mark.parametrize("path", ["/train", "/predict"])
@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", None])
def test_json_routes_demand_json(refusing: Api, path: str, content_type: str | None) -> None:
    answer = refusing.post(path, data=json.dumps(IRIS_BODY), content_type=content_type)
    refused(answer, 415, "unsupported_media_type", parameter="Content-Type")


def test_a_json_body_over_the_limit_is_refused(refusing: Api) -> None:
    body = json.dumps({"model": "iris", "rows": [[1, 2, 3, 4]] * 20_000})
    for path in ("/train", "/predict", "/datasets"):
        refused(refusing.post(path, data=body, content_type="application/json"), 413, "body_too_large")


def test_a_bad_idempotency_key_is_refused(refusing: Api) -> None:
    for key in ("", "x" * 256, "é"):
        answer = refusing.post("/train", json=IRIS_BODY, headers={"Idempotency-Key": key})
        refused(answer, 422, "invalid_value", parameter="Idempotency-Key")


def test_what_goes_wrong_here_leaves_with_an_incident_and_nothing_else(
    refusing: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr(type(refusing.parts.predictor), "answer_address", fail)
    answer = refusing.get("/predict?model=iris&x=1,2,3,4", headers={"X-Request-Id": "mine-7"})
    problem = refused(answer, 500, "internal_error")
    assert "secret" not in answer.text
    assert "mine-7" in problem["detail"]
    assert "secret of the house" in caplog.text


def test_the_table_that_all_others_are_tested_beside_is_there(refusing: Api) -> None:
    assert refusing.get("/datasets/iris").json["sha256"]
    assert refusing.post("/datasets?name=iris", data=IRIS.read_bytes(), content_type="text/csv").status_code == 200
