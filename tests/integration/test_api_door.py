"""Who may come in, and what every answer carries."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from store.settings import Settings
from tests.support.api import Api, running

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8000", "127.0.0.1", "127.0.0.1:80", "127.9.9.9", "[::1]", "[::1]:8000"]
)
def test_loopback_names_are_ours(api: Api, host: str) -> None:
    assert api.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "10.0.0.1",
        "[::2]",
        "",
        "localhost:80:80",
        "a b",
        "127.0.0.1@evil.example",
        "127.0.0.1:99999",
        "[::1]:65536",
    ],
)
def test_other_hosts_are_refused_on_every_path(api: Api, host: str) -> None:
    for path in ("/healthz", "/nothing", "/predict?model=a"):
        answer = api.get(path, headers={"Host": host})
        assert (answer.status_code, answer.json["code"]) == (403, "host_not_allowed")


def test_further_hosts_can_be_allowed(settings: Settings) -> None:
    with running(settings.model_copy(update={"allowed_hosts": "mlp.example, other.example"})) as api:
        for host, status in (("mlp.example", 200), ("OTHER.example:8000", 200), ("a.mlp.example", 403)):
            assert api.get("/healthz", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:3000", "https://localhost", "", "::"]
)
def test_a_change_from_a_page_of_another_origin_is_refused(api: Api, origin: str) -> None:
    headers = {"Host": "localhost:8000", "Origin": origin}
    for method, path in (
        ("POST", "/train"),
        ("DELETE", "/datasets/a"),
        ("PATCH", "/models/a"),
        ("POST", "/jobs/a/cancel"),
    ):
        answer = api.client.open(path, method=method, headers=headers)
        assert (answer.status_code, answer.json["code"]) == (403, "foreign_origin"), (method, path)
    assert api.get("/jobs", headers=headers).status_code == 200


def test_a_change_from_our_own_page_or_from_a_program_is_taken(api: Api) -> None:
    own = {"Host": "localhost:8000", "Origin": "http://localhost:8000"}
    for headers in (own, {"Host": "localhost:8000"}, {"Host": "localhost", "Origin": "http://localhost:80"}):
        assert api.post(
            "/datasets?name=a", data="a,b\n1,2\n", content_type="text/csv", headers=headers
        ).status_code in (200, 201)


@pytest.mark.parametrize("path", ["/healthz", "/nothing", "/docs", "/jobs/none", "/predict"])
def test_every_answer_carries_an_id_and_security_headers(api: Api, path: str) -> None:
    answer = api.get(path)
    assert answer.headers["X-Request-Id"].startswith("req_")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert api.get(path, headers={"X-Request-Id": "mine-1.2_3"}).headers["X-Request-Id"] == "mine-1.2_3"
    for bad in ("a b", "x" * 129, "<script>", "é"):
        assert api.get(path, headers={"X-Request-Id": bad}).headers["X-Request-Id"].startswith("req_")


def test_head_and_options_are_sane(api: Api) -> None:
    head = api.client.head("/healthz")
    assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", "15")
    options = api.client.options("/datasets")
    assert options.status_code == 200
    assert set(options.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}
    refused = api.client.put("/datasets")
    assert set(refused.headers["Allow"].split(", ")) >= {"GET", "POST"}


def test_an_answer_without_a_body_has_no_content_type(api: Api) -> None:
    api.upload("a,b\n1,2\n", "gone")
    for answer in (api.client.options("/datasets"), api.delete("/datasets/gone")):
        assert (answer.data, answer.content_type) == (b"", None)


def test_a_database_that_is_away_is_503_and_a_schema_that_is_missing_is_named(settings: Settings) -> None:
    nowhere = settings.model_copy(update={"database_url": "postgresql://nobody@127.0.0.1:1/none"})
    with running(nowhere) as api:
        answer = api.get("/jobs")
        assert (answer.status_code, answer.json["code"]) == (503, "database_unavailable")
        assert answer.headers["Retry-After"]
        assert api.get("/readyz").json["errors"][0]["parameter"] == "database"
        assert api.get("/healthz").status_code == 200
    empty = settings.model_copy(update={"database_url": f"sqlite:///{settings.data_dir}/empty.db"})
    with running(empty) as api:
        answer = api.get("/readyz")
        assert (answer.status_code, answer.json["errors"][0]["parameter"]) == (503, "schema")


def test_many_requests_at_once_do_not_disturb_each_other(api: Api) -> None:
    answers: list[Any] = []

    def upload(number: int) -> None:
        client = api.app.test_client()
        answers.append(client.post(f"/datasets?name=t{number % 3}", data=f"a,b\n{number},2\n", content_type="text/csv"))

    threads = [threading.Thread(target=upload, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [answer.status_code for answer in answers] == [201] * 12
    assert sorted(answer.json["version"] for answer in answers) == sorted([1, 2, 3, 4] * 3)
