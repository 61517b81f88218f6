"""HEAD answers as GET does, without a body: on every route, by both doors."""

from __future__ import annotations

import re
from typing import Any

import pytest
from werkzeug.test import Client

from service.app import fast_door
from tests.support.api import SETOSA, Api

QUERY = {
    "/predict": {"model": "iris", **SETOSA},
    "/datasets/{dataset}/download": {"format": "parquet"},
}
LEFT_OUT = {"Date", "X-Request-Id"}


def _routes(api: Api) -> list[str]:
    rules = [rule for rule in api.app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    assert all("HEAD" in (rule.methods or ()) for rule in rules)
    return sorted({re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule) for rule in rules})


def _headers(answer: Any) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in LEFT_OUT}


def _asked_both_ways(client: Any, path: str, query: dict[str, Any], headers: dict[str, str] | None = None) -> Any:
    """The answer to GET, once HEAD has been compared with it."""
    got = client.get(path, query_string=query, headers=headers)
    head = client.head(path, query_string=query, headers=headers)
    assert (head.status_code, head.data) == (got.status_code, b""), (path, query)
    if path != "/metrics":  # which counts these very requests
        assert _headers(head) == _headers(got), (path, query, headers)
    got.close()
    return got


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_head_is_get_without_a_body(api: Api) -> None:
    dataset = api.upload_iris()
    search = {"trials": 1, "sampler": {"name": "random"}, "space": {"seed": {"type": "choice", "choices": [1]}}}
    job = api.trained(dataset="iris", target="species", epochs=1, importance_repeats=0, search=search)
    assert api.client.put("/models/iris/aliases/champion", json={"version": 1}).status_code == 201
    names = {"dataset": dataset["id"], "job": job["id"], "model": "iris", "version": "1", "alias": "champion"}
    seen = set()
    for client in (api.app.test_client(), Client(fast_door(api.app))):
        for route in _routes(api):
            path, query = route.format(**names), QUERY.get(route, {})
            seen.add((route, (first := _asked_both_ways(client, path, query)).status_code))
            _asked_both_ways(client, path, {"nonsense": "1"})
            if tag := first.headers.get("ETag"):
                seen.add((route, _asked_both_ways(client, path, query, {"If-None-Match": tag}).status_code))
    assert ("/predict", 304) in seen
    assert {route for route, status in seen if status == 200} >= {
        "/models/{model}/versions/{version}/onnx",
        "/jobs/{job}/events",
        "/v2/models/{model}",
        "/jobs/{job}/trials",
    }
    assert all(status < 500 for _, status in seen)
    for path in ("/nothing", "/models/none", "/v2/models/none", "/predict"):
        for client in (api.app.test_client(), Client(fast_door(api.app))):
            assert _asked_both_ways(client, path, {}).status_code in (404, 422)
