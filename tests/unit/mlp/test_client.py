"""The client sends what the contract says, and names what goes wrong."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from mlp import Client
from mlp.problems import (
    Conflict,
    JobFailed,
    ServerTrouble,
    Unacceptable,
    Unreachable,
    UnreadableAnswer,
    WaitedTooLong,
)

Handler = Callable[[httpx.Request], httpx.Response]


def client(handler: Handler) -> Client:
    return Client("http://service.test", transport=httpx.MockTransport(handler))


def problem(status: int, code: str) -> httpx.Response:
    document = {"type": "about:blank", "title": "No", "status": status, "detail": "Not so.", "code": code}
    return httpx.Response(status, json=document, headers={"Content-Type": "application/problem+json"})


def test_a_refusal_is_raised_by_its_name() -> None:
    with client(lambda _: problem(409, "dataset_in_use")) as c, pytest.raises(Conflict) as caught:
        c.delete_dataset("iris")
    assert (caught.value.status, caught.value.code, caught.value.detail) == (409, "dataset_in_use", "Not so.")


def test_nobody_listening_is_unreachable() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with client(refuse) as c, pytest.raises(Unreachable, match=r"Nothing answers at http://service\.test"):
        c.dataset("iris")
    assert not client(refuse).ready()


def test_silence_is_unreachable_and_is_not_asked_again() -> None:
    asked: list[str] = []

    def silent(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        raise httpx.ReadTimeout("silence", request=request)

    with client(silent) as c, pytest.raises(Unreachable, match="silent for 60 s"):
        c.job("j")
    assert asked == ["/jobs/j"]


def test_another_program_s_answer_is_unreadable() -> None:
    with (
        client(lambda _: httpx.Response(200, html="<p>hello")) as c,
        pytest.raises(UnreadableAnswer, match="text/html"),
    ):
        c.model("iris")


def breaks_once(answer: httpx.Response) -> tuple[Handler, list[httpx.Request]]:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if len(seen) == 1:
            raise httpx.RemoteProtocolError("closed", request=request)
        return answer

    return handler, seen


def test_a_read_over_a_closed_connection_is_tried_once_more() -> None:
    handler, seen = breaks_once(httpx.Response(200, json={"name": "iris"}))
    with client(handler) as c:
        assert c.model("iris") == {"name": "iris"}
    assert len(seen) == 2


def test_training_is_tried_once_more_with_the_same_idempotency_key() -> None:
    handler, seen = breaks_once(httpx.Response(202, json={"id": "job_1"}))
    with client(handler) as c:
        c.train("iris", "species", epochs=3)
    first, second = seen
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"] != ""
    assert json.loads(second.content) == {"dataset": "iris", "target": "species", "epochs": 3}


def test_an_upload_is_never_sent_twice() -> None:
    handler, seen = breaks_once(httpx.Response(201, json={}))
    with client(handler) as c, pytest.raises(Unreachable, match="broke off"):
        c.upload(b"a,b\n1,2\n", "t")
    assert len(seen) == 1


def test_a_file_is_uploaded_as_it_is_under_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / "flowers.csv"
    path.write_bytes(b"a,b\r\n1,2\r\n")
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        request.read()
        seen.append(request)
        return httpx.Response(201, json={})

    with client(handler) as c:
        c.upload(path)
        c.upload({"a": [1, 2], "b": ["x", "y"]}, "columns")
        c.upload([{"a": 1}], "records")
        with pytest.raises(ValueError, match="needs a name"):
            c.upload([{"a": 1}])
    assert str(seen[0].url) == "http://service.test/datasets?name=flowers"
    assert (seen[0].headers["Content-Type"], seen[0].content) == ("text/csv", b"a,b\r\n1,2\r\n")
    assert json.loads(seen[1].content) == {"name": "columns", "columns": ["a", "b"], "rows": [[1, "x"], [2, "y"]]}
    assert json.loads(seen[2].content) == {"name": "records", "records": [{"a": 1}]}


def test_a_list_is_followed_over_its_pages() -> None:
    pages = {
        None: {"items": [{"id": 1}, {"id": 2}], "next_cursor": "c"},
        "c": {"items": [{"id": 3}], "next_cursor": None},
    }
    with client(lambda request: httpx.Response(200, json=pages[request.url.params.get("cursor")])) as c:
        assert [job["id"] for job in c.jobs(status="failed")] == [1, 2, 3]


@pytest.mark.parametrize(
    ("rows", "method"),
    [({"a": 1}, "GET"), ([1, 2], "GET"), ([{"a": 1}], "POST"), ([[1], [2]], "POST"), ({"a": ""}, "POST"), ([], "POST")],
)
def test_one_row_is_a_get_and_many_are_a_post(rows: object, method: str) -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"predictions": []})

    with client(handler) as c:
        c.predict("m", rows, version=2)
    assert (seen[0].method, seen[0].url.path) == (method, "/predict")


def test_a_name_is_one_segment_of_the_path() -> None:
    seen: list[bytes] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.raw_path)
        return problem(422, "bad_name")

    with client(handler) as c, pytest.raises(Unacceptable):
        c.dataset("../jobs?x=1")
    assert seen == [b"/datasets/..%2Fjobs%3Fx%3D1"]


def test_waiting_ends_with_the_job_or_says_why_not() -> None:
    states = iter(["queued", "running", "succeeded"])
    with client(lambda _: httpx.Response(200, json={"id": "j", "status": next(states)})) as c:
        assert c.wait("j")["status"] == "succeeded"
    failed = {"id": "j", "status": "failed", "error": {"code": "worker_lost", "detail": "Gone.", "hint": None}}
    with client(lambda _: httpx.Response(200, json=failed)) as c, pytest.raises(JobFailed, match="Gone") as caught:
        c.wait("j")
    assert caught.value.code == "worker_lost"
    with client(lambda _: httpx.Response(200, json={"status": "running"})) as c, pytest.raises(WaitedTooLong):
        c.wait("j", timeout=0.0)


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://x", "http://", "http://[::1"])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="is not an address"):
        Client(url)


def test_a_proxy_of_the_environment_is_not_asked_for_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with Client("http://127.0.0.1:9", timeout=5.0) as c, pytest.raises(Unreachable) as caught:
        c.job("j")
    request = getattr(caught.value.__cause__, "request", None)
    assert isinstance(request, httpx.Request)
    assert c._connection._http._mounts == {}


# the event stream


def stream(*events: str) -> httpx.Response:
    return httpx.Response(200, content="".join(events).encode(), headers={"Content-Type": "text/event-stream"})


def epoch(number: int) -> str:
    return f'event: epoch\nid: {number}\ndata: {{"epoch": {number}}}\n\n'


END = 'event: status\ndata: {"status": "succeeded"}\n\n'
QUICK = "retry: 1\n\n"


def test_a_stream_that_breaks_off_is_resumed_behind_the_last_epoch() -> None:
    asked: list[str | None] = []
    answers = iter(
        [
            stream(QUICK, epoch(1), epoch(2)),
            problem(503, "starting"),
            httpx.ConnectError("away"),
            stream(epoch(3), END, epoch(99)),
        ]
    )

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers.get("Last-Event-ID"))
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with client(handler) as c:
        events = list(c.events("j"))
    assert [event.data.get("epoch") for event in events] == [1, 2, 3, None]
    assert asked == [None, "2", "2", "2"]


def test_an_ended_job_with_nothing_left_has_no_events() -> None:
    with client(lambda _: httpx.Response(204)) as c:
        assert list(c.events("j", after="7")) == []


def test_a_job_that_ended_between_two_streams_is_asked_how() -> None:
    job = {"status": "failed", "progress": {"epoch": 1}, "error": {"code": "worker_lost"}, "model": None}
    streams = iter([stream(QUICK, epoch(1)), httpx.Response(204)])

    def handler(request: httpx.Request) -> httpx.Response:
        return next(streams) if request.url.path.endswith("/events") else httpx.Response(200, json=job)

    with client(handler) as c:
        *_, last = c.events("j")
    assert (last.event, last.data, last.id) == ("status", {n: v for n, v in job.items() if v is not None}, "1")


@pytest.mark.parametrize("trouble", [httpx.ConnectError("away"), problem(500, "internal")])
def test_patience_with_a_service_that_is_away_ends(trouble: Exception | httpx.Response) -> None:
    asked = itertools.count()

    def handler(request: httpx.Request) -> httpx.Response:
        next(asked)
        if isinstance(trouble, Exception):
            raise trouble
        return trouble

    with client(handler) as c, pytest.raises((Unreachable, ServerTrouble)):
        list(c.events("j", patience=0.1))
    assert next(asked) >= 2


def test_a_page_in_place_of_a_stream_is_unreadable() -> None:
    with client(lambda _: httpx.Response(200, html="<p>")) as c, pytest.raises(UnreadableAnswer):
        list(c.events("j"))


def test_a_search_is_a_training_with_a_block_of_what_was_given() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(202, json={"id": "job_1"})

    space = {"batch_size": {"type": "choice", "choices": [16, 32]}}
    with client(handler) as c:
        c.search("iris", "species", trials=5, space=space, parallelism=1, epochs=3)
        c.search("iris", "species", idempotency_key="k")
    asked = [json.loads(request.content) for request in seen]
    common = {"dataset": "iris", "target": "species"}
    assert asked[0] == {**common, "epochs": 3, "search": {"trials": 5, "space": space, "parallelism": 1}}
    assert asked[1] == {**common, "search": {"trials": 20}}
    assert seen[0].url.path == "/train"
    assert seen[1].headers["Idempotency-Key"] == "k"


def test_trials_are_followed_over_their_pages() -> None:
    pages = {
        None: {"items": [{"number": 0}, {"number": 1}], "next_cursor": "c"},
        "c": {"items": [{"number": 2}], "next_cursor": None},
    }
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        return httpx.Response(200, json=pages[request.url.params.get("cursor")])

    with client(handler) as c:
        assert [trial["number"] for trial in c.trials("job_1")] == [0, 1, 2]
    assert seen == ["/jobs/job_1/trials"] * 2
