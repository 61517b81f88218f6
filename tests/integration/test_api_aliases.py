"""Aliases through the API: moved, rolled back, taken away; and what answers while they move."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
from werkzeug.test import create_environ, run_wsgi_app

from service.app import create_app, fast_door
from service.parts import EXTENSION
from tests.support.api import SETOSA, Api

SWAPS, CLIENTS = 100, 8


def iris(api: Api, versions: int) -> None:
    api.upload_iris()
    for seed in range(versions):
        api.trained(dataset="iris", target="species", epochs=1, seed=seed)


def selected(api: Api, **options: Any) -> tuple[int, str]:
    answer = api.post("/predict", json={"model": "iris", "records": [SETOSA], **options})
    assert answer.status_code == 200, answer.text
    return answer.json["version"], answer.json["selected_by"]


def test_an_alias_is_moved_rolled_back_and_taken_away(api: Api) -> None:
    iris(api, 2)
    path = "/models/iris/aliases/champion"
    made = api.client.put(path, json={"version": 1, "reason": "the first"})
    assert (made.status_code, made.json["version"]) == (201, 1)
    assert selected(api) == (1, "champion")
    assert api.client.put(path, json={"version": 2}).status_code == 200
    assert selected(api, alias="champion") == (2, "alias")
    assert api.get("/models/iris/aliases").json["items"][0]["version"] == 2
    refused = api.delete("/models/iris/versions/2")
    assert (refused.status_code, refused.json["code"]) == (409, "version_has_alias")
    assert api.post(f"{path}/rollback", json={"reason": "too slow"}).json["version"] == 1
    assert selected(api) == (1, "champion")
    again = api.post(f"{path}/rollback")
    assert (again.status_code, again.json["code"]) == (409, "nothing_before")
    first = api.get(f"{path}/history?limit=2").json
    rest = api.get(f"{path}/history?cursor={first['next_cursor']}").json
    moves = [(move["version"], move["kind"], move["reason"]) for move in first["items"] + rest["items"]]
    assert moves == [(1, "rollback", "too slow"), (2, "move", None), (1, "move", "the first")]
    assert api.delete(path).status_code == 204
    assert api.get(f"{path}/history").json["items"][0]["version"] is None
    assert selected(api) == (2, "newest")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("PUT", "/models/iris/aliases/champion", {"version": 9}, 404, "version_not_found"),
        ("PUT", "/models/none/aliases/champion", {"version": 1}, 404, "model_not_found"),
        ("PUT", "/models/iris/aliases/champion", {"version": 0}, 422, "out_of_range"),
        ("PUT", "/models/iris/aliases/champion", {"version": "1"}, 422, "wrong_type"),
        ("PUT", "/models/iris/aliases/champion", {}, 422, "missing_field"),
        ("PUT", "/models/iris/aliases/champion", {"version": 1, "verison": 1}, 422, "unknown_field"),
        ("PUT", "/models/iris/aliases/job_01JABCDEFGHJKMNPQRSTVWXYZ0", {"version": 1}, 422, "invalid_name"),
        ("PUT", "/models/iris/aliases/-a", {"version": 1}, 422, "invalid_name"),
        ("PUT", "/models/iris/aliases/champion", {"version": 1, "reason": "x" * 1001}, 422, "out_of_range"),
        ("POST", "/models/iris/aliases/none/rollback", None, 404, "alias_not_found"),
        ("POST", "/models/iris/aliases/none/rollback", {"why": "x"}, 422, "unknown_field"),
        ("DELETE", "/models/iris/aliases/none", None, 404, "alias_not_found"),
        ("GET", "/models/iris/aliases/none/history", None, 404, "alias_not_found"),
        ("GET", "/models/iris/aliases/a%00/history", None, 400, "invalid_address"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_an_alias_cannot_be(api: Api, method: str, path: str, body: Any, status: int, code: str) -> None:
    iris(api, 1)
    answer = api.client.open(path, method=method, json=body)
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text


def test_no_request_sees_an_error_or_a_mix_while_versions_move_and_go(api: Api) -> None:
    """Through the fast door, with selections that are remembered, as they are served."""
    iris(api, 3)
    move = api.client.put
    move("/models/iris/aliases/champion", json={"version": 1})
    app = create_app(api.settings.model_copy(update={"selection_seconds": 0.02}))
    door = fast_door(app)
    query = "model=iris&" + "&".join(f"{name}={value}" for name, value in SETOSA.items())
    environ = {"path": "/predict", "query_string": query, "headers": {"Host": "localhost"}}

    def ask(extra: str = "") -> tuple[str, bytes]:
        pieces, status, _ = run_wsgi_app(door, create_environ(**{**environ, "query_string": query + extra}))
        return status, b"".join(pieces)

    expected = {number: json.loads(ask(f"&version={number}")[1])["predictions"] for number in (1, 2, 3)}
    assert len({str(each) for each in expected.values()}) == 3
    answers: list[tuple[str, bytes]] = []
    done = threading.Event()

    def client() -> None:
        while not done.is_set():
            answers.append(ask())

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        for swap in range(SWAPS):
            assert move("/models/iris/aliases/champion", json={"version": 1 + swap % 2}).status_code == 200
            if swap == SWAPS // 2:
                assert api.delete("/models/iris/versions/3").status_code == 204
    finally:
        done.set()
        for thread in threads:
            thread.join(60)
    assert len(answers) >= SWAPS
    assert {status for status, _ in answers} == {"200 OK"}
    seen = set()
    for _, body in answers:
        answer = json.loads(body)
        assert answer["predictions"] == expected[answer["version"]]
        seen.add(answer["version"])
    assert seen == {1, 2}
    deadline = time.monotonic() + 1
    while ask("&version=3")[0] != "404 NOT FOUND":
        assert time.monotonic() < deadline, "a deleted version still answers"
    app.extensions[EXTENSION].database.dispose()
