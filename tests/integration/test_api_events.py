"""The event stream: every epoch once, the terminal status last."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from service.event_feed import EventFeed
from service.routes import events as route
from store import histories, leases
from store.leases import Fence
from tests.support.api import Api
from tests.support.workers import wait_until

Event = tuple[str, int | None, dict[str, Any]]


def parsed(text: str) -> list[Event]:
    """The events of a stream: name, id, data."""
    found: list[Event] = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line and not line.startswith(":"))
        if "data" in fields:
            number = int(fields["id"]) if "id" in fields else None
            found.append((fields["event"], number, json.loads(fields["data"])))
    return found


def epochs(events: list[Event]) -> list[int | None]:
    """The ids of the epoch events."""
    return [number for name, number, _ in events if name == "epoch"]


@pytest.fixture
def job(api: Api) -> dict[str, Any]:
    """A queued training."""
    api.upload_iris()
    return api.train(dataset="iris", target="species", epochs=40, early_stopping=None)


class Stream:
    """A stream read by a thread of its own."""

    def __init__(self, api: Api, job_id: str, **headers: str) -> None:
        self.text = ""
        self.status = 0

        def read() -> None:
            answer = api.app.test_client().get(f"/jobs/{job_id}/events", headers=headers, buffered=False)
            self.status = answer.status_code
            for piece in answer.response:
                self.text += piece.decode() if isinstance(piece, bytes) else piece
            answer.close()

        self.thread = threading.Thread(target=read)
        self.thread.start()

    def events(self) -> list[Event]:
        """What has come so far."""
        return parsed(self.text[: self.text.rfind("\n\n") + 2])

    def finish(self) -> list[Event]:
        """All of it, once it has ended by itself."""
        self.thread.join(30)
        assert not self.thread.is_alive()
        return self.events()


def test_a_stream_tells_each_epoch_once_and_the_end_last(api: Api, job: dict[str, Any]) -> None:
    streams = [Stream(api, job["id"]) for _ in range(3)]
    for stream in streams:
        wait_until(stream.events, what="the first status")
    assert api.parts.feed.pollers == 1
    api.run(job["id"])
    for stream in streams:
        found = stream.finish()
        assert stream.text.startswith("retry: 2000\n\n")
        assert found[0][0] == "status"
        assert found[0][2]["status"] == "queued"
        assert epochs(found) == list(range(1, 41))
        assert found[-1] == ("status", None, found[-1][2])
        assert found[-1][2]["status"] == "succeeded"
        assert found[-1][2]["model"] == {"name": "iris", "version": 1}
    items = [data for name, _, data in streams[0].events() if name == "epoch"]
    assert items == api.get(f"/jobs/{job['id']}/history").json["items"]
    wait_until(lambda: api.parts.feed.pollers == 0, what="the poller's end")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_stream_resumes_after_the_last_event(api: Api, job: dict[str, Any]) -> None:
    api.run(job["id"])
    path = f"/jobs/{job['id']}/events"
    whole = parsed(api.get(path).text)
    assert epochs(whole) == list(range(1, 41))
    rest = parsed(api.get(path, headers={"Last-Event-ID": "37"}).text)
    assert epochs(rest) == [38, 39, 40]
    assert rest[-1][2]["status"] == "succeeded"
    assert api.get(path, headers={"Last-Event-ID": "40"}).status_code == 204
    bad = api.get(path, headers={"Last-Event-ID": "soon"})
    assert (bad.status_code, bad.json["errors"][0]["parameter"]) == (422, "Last-Event-ID")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_failed_job_ends_with_its_error_and_a_deleted_one_just_ends(api: Api, job: dict[str, Any]) -> None:
    with api.parts.database.write() as s:
        claim = leases.claim(s, job["id"], worker="w", lease_seconds=60)
        assert claim is not None
        error = {"code": "out_of_memory", "detail": "No memory.", "hint": None}
        leases.finish(s, Fence(claim.id, claim.token), "failed", error=error)
    (last,) = parsed(api.get(f"/jobs/{job['id']}/events").text)
    assert last[2]["status"] == "failed"
    assert last[2]["error"] == error

    other = api.train(dataset="iris", target="species", model="other")
    stream = Stream(api, other["id"])
    wait_until(stream.events, what="the first status")
    api.parts.feed._poll_seconds = 0.01
    api.post(f"/jobs/{other['id']}/cancel")
    assert stream.finish()[-1][2]["status"] == "cancelled"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_slow_reader_misses_nothing(api: Api, job: dict[str, Any]) -> None:
    """The poller keeps the last 500 items; who is further behind reads the history."""
    with api.parts.database.write() as s:
        claim = leases.claim(s, job["id"], worker="w", lease_seconds=60)
        assert claim is not None
    following = api.parts.feed.follow("default", job["id"])
    next(following)
    for start in range(0, 1800, 300):
        with api.parts.database.write() as s:
            histories.append_reports(s, "default", job["id"], [_report(start + n) for n in range(1, 301)])
        wait_until(lambda start=start: _seen(api.parts.feed) >= start + 300, what="the poller's look")
    with api.parts.database.write() as s:
        leases.finish(s, Fence(claim.id, claim.token), "cancelled")
    told = [item["epoch"] for items in following if isinstance(items, list) for item in items]
    assert told == list(range(1, 1801))


def _report(epoch: int) -> dict[str, Any]:
    values = dict.fromkeys(histories.FIELDS, 0.5)
    return {**values, "epoch": epoch}


def _seen(feed: EventFeed) -> int:
    return max((watched.last_epoch for watched in feed._watched.values()), default=0)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_streams_are_bounded_and_their_places_come_back(api: Api, job: dict[str, Any]) -> None:
    path = f"/jobs/{job['id']}/events"
    most = api.settings.api_threads // 2
    opened = [api.client.get(path, buffered=False) for _ in range(most)]
    assert {answer.status_code for answer in opened} == {200}
    short = api.get(path)
    assert (short.status_code, [event[2]["status"] for event in parsed(short.text)]) == (200, ["queued"])
    head = api.client.head(path)
    assert (head.status_code, head.headers["Cache-Control"]) == (200, "no-store")
    for answer in opened:
        answer.close()
    with api.client.get(path, buffered=False) as again:
        assert again.status_code == 200
        assert next(iter(again.response)) == b"retry: 2000\n\n"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_quiet_streams_write_at_once_where_another_one_waits_for_a_place(
    api: Api, job: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only writing tells that a client has gone."""
    monkeypatch.setattr(route, "LOOK_SECONDS", 0.05)
    path = f"/jobs/{job['id']}/events"
    opened = [api.client.get(path, buffered=False) for _ in range(api.settings.api_threads // 2)]
    pieces: Iterator[Any] = iter(opened[0].response)
    assert b"retry" in bytes(next(pieces))
    assert b"event: status" in bytes(next(pieces))
    api.get(path)
    started = time.monotonic()
    assert b": waiting" in bytes(next(pieces))
    assert time.monotonic() - started < route.COMMENT_SECONDS / 2
    for answer in opened:
        answer.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_quiet_stream_sends_comments_and_holds_no_connection(
    api: Api, job: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(route, "COMMENT_SECONDS", 0.05)
    answer = api.client.get(f"/jobs/{job['id']}/events", buffered=False)
    pieces: Iterator[Any] = iter(answer.response)
    wait_until(lambda: b": waiting" in bytes(next(pieces)), what="a comment")
    pool: Any = api.parts.database.engine.pool
    wait_until(lambda: pool.checkedout() == 0, what="a moment without any connection")
    answer.close()
    wait_until(lambda: api.parts.feed.pollers == 0, what="the poller's end")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_streams_end_when_the_server_stops(api: Api, job: dict[str, Any]) -> None:
    stopping = threading.Event()
    feed = EventFeed(api.parts.database, poll_seconds=0.01, stopping=stopping.is_set)
    following = feed.follow("default", job["id"])
    next(following)
    stopping.set()
    started = time.monotonic()
    assert list(following) == []
    assert time.monotonic() - started < 5
