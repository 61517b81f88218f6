"""More followers than a job can have streams: each is served in short ones or by turns, and misses nothing."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlp import Client
from service.routes import events as route
from store import histories, leases
from store.database import Database
from store.leases import Fence
from store.settings import Settings
from tests.support.api import Api, running
from tests.support.faults import LONG_TRAINING, fault_settings, submit_and_publish, wait_for_end, wait_for_progress
from tests.support.rows import PROJECT, running_job
from tests.support.training import points_table, upload
from tests.support.workers import Part, reaper, wait_until, worker

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LAST = 60


@pytest.fixture
def few(settings: Settings) -> Iterator[Api]:
    """An API of four threads, two of which hold streams."""
    with running(settings.model_copy(update={"api_threads": 4})) as api:
        yield api


def report(database: Database, fence: Fence, first: int, last: int) -> None:
    """Write epochs as the worker that holds the claim."""
    values = dict.fromkeys(histories.FIELDS, 0.5)
    with database.write() as s:
        leases.fenced(s, fence, epoch=last)
        reports = [{**values, "epoch": epoch} for epoch in range(first, last + 1)]
        histories.append_reports(s, PROJECT, fence.job_id, reports)


def finish(database: Database, fence: Fence) -> None:
    """End the job."""
    with database.write() as s:
        leases.finish(s, fence, "cancelled")


class Follower:
    """What an `EventSource` does, on Flask's own client."""

    def __init__(self, api: Api, job: str) -> None:
        self._api, self._job, self._path = api, job, f"/jobs/{job}/events"
        self.epochs: list[int] = []
        self.states: list[str] = []
        self.retries: list[int] = []
        self.answers: list[int] = []

    def read_once(self) -> None:
        """Read one stream to its end, behind what was seen."""
        headers = {"Last-Event-ID": str(self.epochs[-1])} if self.epochs else {}
        with self._api.app.test_client().get(self._path, headers=headers, buffered=False) as answer:
            self.answers.append(answer.status_code)
            if answer.status_code == 204:
                self.states.append(self._api.parts.feed.look(PROJECT, self._job)[0].status)
            for line in answer.get_data(as_text=True).splitlines():
                if found := re.fullmatch(r"retry: (\d+)", line):
                    self.retries.append(int(found[1]))
                elif found := re.fullmatch(r"id: (\d+)", line):
                    self.epochs.append(int(found[1]))
                elif found := re.fullmatch(r"data: (.*\"status\".*)", line):
                    self.states.append(json.loads(found[1])["status"])

    def follow(self) -> None:
        """Read streams until the job's end."""
        end = time.monotonic() + 60
        while not self.states or self.states[-1] != "cancelled":
            self.read_once()
            assert time.monotonic() < end
            time.sleep(self.retries[-1] / 1000)


def test_a_follower_without_a_place_sees_each_epoch_once_and_the_end_in_short_streams(few: Api) -> None:
    job, fence = running_job(few.parts.database)
    path = f"/jobs/{job.id}/events"
    places = [few.client.get(path, buffered=False) for _ in range(2)]
    follower = Follower(few, job.id)
    for last in (0, 20, 20, 45):
        if last > (follower.epochs or [0])[-1]:
            report(few.parts.database, fence, (follower.epochs or [0])[-1] + 1, last)
        follower.read_once()
        assert follower.epochs == list(range(1, last + 1))
    assert follower.states == ["running"] * 4
    report(few.parts.database, fence, 46, LAST)
    finish(few.parts.database, fence)
    follower.read_once()
    assert follower.epochs == list(range(1, LAST + 1))
    assert follower.states[4:] == ["cancelled"]
    assert set(follower.answers) == {200}
    assert all(2000 <= retry < 4000 for retry in follower.retries)
    assert len(set(follower.retries)) == len(follower.retries)  # those who came together do not come again together
    assert few.get(path, headers={"Last-Event-ID": str(LAST)}).status_code == 204
    history = few.get(f"/jobs/{job.id}/history?after_epoch=45").json["items"]
    assert [item["epoch"] for item in history] == list(range(46, LAST + 1))
    for answer in places:
        answer.close()


@on_sqlite
def test_a_short_stream_that_does_not_hold_all_says_to_come_again_soon(
    few: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(route, "MOST_AT_ONCE", 25)
    job, fence = running_job(few.parts.database)
    report(few.parts.database, fence, 1, LAST)
    finish(few.parts.database, fence)
    slots = [few.parts.streams.take() for _ in range(2)]
    follower = Follower(few, job.id)
    follower.read_once()
    assert (follower.epochs[-1], follower.states, follower.retries) == (25, [], [100])
    follower.follow()
    assert follower.epochs == list(range(1, LAST + 1))
    assert (follower.retries[1], follower.states) == (100, ["cancelled"])
    for slot in slots:
        assert slot is not None
        slot.give_back()


@on_sqlite
def test_who_passes_by_is_told_what_the_poller_knows_without_a_question_to_the_database(
    few: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, fence = running_job(few.parts.database)
    report(few.parts.database, fence, 1, 20)
    feed = few.parts.feed
    following = feed.follow(PROJECT, job.id)
    next(following)
    wait_until(lambda: feed._watched[PROJECT, job.id].last_epoch == 20, what="the poller's look")
    with monkeypatch.context() as patch:
        patch.setattr(few.parts.database, "read", lambda: pytest.fail("the database was asked"))
        snapshot, newest = feed.state(PROJECT, job.id)
        items = feed.since(PROJECT, job.id, 15, 100)
        following.close()
    assert (snapshot.status, newest) == ("running", 20)
    assert [item["epoch"] for item in items] == [16, 17, 18, 19, 20]


def test_a_crowd_goes_round_and_nobody_misses_an_epoch_over_a_lost_lease(
    few: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(route, "TURN_SECONDS", 0.1)
    monkeypatch.setattr(route, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(route, "_AGAIN_MILLISECONDS", range(100, 200))
    monkeypatch.setattr(route, "_RETRY", b"retry: 100\n\n")
    database = few.parts.database
    job, fence = running_job(database, lease_seconds=0.001)
    followers = [Follower(few, job.id) for _ in range(8)]
    threads = [threading.Thread(target=each.follow, daemon=True) for each in followers]
    for thread in threads:
        thread.start()
    for last in range(8, 41, 8):
        report(database, fence, last - 7, last)
        wait_until(
            lambda last=last: all(last in each.epochs for each in followers), seconds=15, what=f"epoch {last} at each"
        )
    with database.write() as s:
        assert leases.take_back(s, fence, max_attempts=3) == "queued"
        claim = leases.claim(s, job.id, worker="another", lease_seconds=30.0)
        assert claim is not None
    fence = Fence(claim.id, claim.token)
    report(database, fence, 33, LAST)  # from the last checkpoint on
    finish(database, fence)
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    for each in followers:
        assert each.epochs == list(range(1, LAST + 1))
        assert set(each.answers) <= {200, 204}
        assert each.states[-1] == "cancelled"
    assert sum(100 in each.retries for each in followers) > 2  # more had a place than there are


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_client_sees_each_epoch_once_over_kills_of_the_worker_and_of_the_server(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = fault_settings(settings, port=port, api_threads=4, worker_processes=1)
    job = submit_and_publish(settings, database, upload(settings, database, points_table()), **LONG_TRAINING)
    seen: list[list[Any]] = [[] for _ in range(4)]  # of whom two have a place

    def follow(events: list[Any]) -> None:
        with Client(f"http://127.0.0.1:{port}") as client:
            events.extend(client.events(job))

    threads = [threading.Thread(target=follow, args=(events,), daemon=True) for events in seen]
    with Part("service.server", settings, tmp_path / "api.log", "Started worker-1") as server:
        for thread in threads:
            thread.start()
        with reaper(settings), worker(settings) as workers:
            wait_for_progress(database, job, epochs=20)
            workers.kill_group()
            workers.start()
            wait_for_progress(database, job, epochs=60)
            server.kill_group()
            server.start()
            assert wait_for_end(database, job).status == "succeeded"
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
        with Client(f"http://127.0.0.1:{port}") as client:
            items = client.history(job)
    for events in seen:
        assert [event.data for event in events if event.event == "epoch"] == items
        assert events[-1].data["status"] == "succeeded"
    assert [item["epoch"] for item in items] == list(range(1, LONG_TRAINING["epochs"] + 1))
