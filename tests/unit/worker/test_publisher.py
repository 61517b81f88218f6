"""Messages go out, and a broker that is away costs a caller a second at most."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis

from mlp.redis_server import RedisServer
from store.database import Database
from store.settings import Settings
from tests.support.rows import queued_job, read_job, running_job
from tests.support.searches import add_trials, search_row
from worker.app import QUEUE, TASK, TRIAL, TRIALS_QUEUE, make_app
from worker.job import run_job
from worker.publisher import Outcome, publish, publish_queued
from worker.runtime import Runtime

LEASE = PATIENCE = 30.0


def messages(url: str, queue: str = QUEUE) -> list[dict[str, object]]:
    with closing(redis.Redis.from_url(url)) as client:
        return [json.loads(message) for message in client.lrange(queue, 0, -1)]  # type: ignore[union-attr]


def app_on(url: str, tmp_path: Path) -> object:
    return make_app(Settings(data_dir=tmp_path, broker_url=url))


@pytest.fixture
def silent_broker() -> Iterator[str]:
    """A door where connections are made and never a word is said: nobody accepts what the kernel took."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def test_a_message_names_the_task_and_the_job(broker_url: str, tmp_path: Path) -> None:
    assert publish(app_on(broker_url, tmp_path), "job_1")
    (message,) = messages(broker_url)
    assert message["headers"]["task"] == TASK  # type: ignore[index]
    assert message["headers"]["argsrepr"] == "('job_1',)"  # type: ignore[index]
    assert message["content-type"] == "application/json"


def test_a_broker_that_refuses_connections_is_given_up_within_a_second(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    started = time.monotonic()
    assert not publish(app_on(f"redis://127.0.0.1:{port}/0", tmp_path), "job_1")
    assert time.monotonic() - started < 1.0


def test_a_broker_that_never_answers_is_given_up_within_a_second(silent_broker: str, tmp_path: Path) -> None:
    app = app_on(silent_broker, tmp_path)
    started = time.monotonic()
    assert not publish(app, "job_1")
    assert time.monotonic() - started < 1.0


def test_a_message_goes_out_after_the_broker_was_restarted(tmp_path: Path) -> None:
    with RedisServer(tmp_path / "redis") as server:
        app = app_on(server.url, tmp_path)
        assert publish(app, "job_1")
        server.kill()
        assert not publish(app, "job_2")
        server.start()
        assert publish(app, "job_3")
        assert [message["headers"]["argsrepr"] for message in messages(server.url)] == ["('job_3',)"]  # type: ignore[index]


def test_a_message_goes_out_after_the_broker_forgot_everything(broker_url: str, tmp_path: Path) -> None:
    app = app_on(broker_url, tmp_path)
    assert publish(app, "job_1")
    with closing(redis.Redis.from_url(broker_url)) as client:
        client.flushall()
    assert publish(app, "job_2")
    assert len(messages(broker_url)) == 1


def test_a_queued_job_is_published_once_a_lease(database: Database, broker_url: str, tmp_path: Path) -> None:
    app = app_on(broker_url, tmp_path)
    job = queued_job(database)  # submitting it counts as its first message
    assert publish_queued(app, database, job.id, LEASE, patience_seconds=PATIENCE) is Outcome.NOT_DUE
    assert publish_queued(app, database, job.id, 0.0, patience_seconds=PATIENCE) is Outcome.SENT
    assert publish_queued(app, database, job.id, LEASE, patience_seconds=PATIENCE) is Outcome.NOT_DUE
    assert len(messages(broker_url)) == 1


def test_a_job_that_runs_is_not_published(database: Database, broker_url: str, tmp_path: Path) -> None:
    job, _ = running_job(database)
    assert (
        publish_queued(app_on(broker_url, tmp_path), database, job.id, 0.0, patience_seconds=PATIENCE)
        is Outcome.NOT_DUE
    )
    assert messages(broker_url) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_job_whose_message_did_not_go_out_is_due_again_at_once(database: Database, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    job = queued_job(database)
    app = app_on(f"redis://127.0.0.1:{port}/0", tmp_path)
    assert publish_queued(app, database, job.id, 0.0, patience_seconds=PATIENCE) is Outcome.BROKER_AWAY
    assert read_job(database, job.id).published_at is None


def test_a_trials_message_is_read_after_all_others_until_it_has_waited_long_enough(
    database: Database, broker_url: str, tmp_path: Path
) -> None:
    app = app_on(broker_url, tmp_path)
    (trial,) = add_trials(database, search_row(database).id, 1)
    assert publish_queued(app, database, trial, 0.0, patience_seconds=PATIENCE) is Outcome.SENT
    assert (len(messages(broker_url)), len(messages(broker_url, TRIALS_QUEUE))) == (0, 1)
    assert publish_queued(app, database, trial, 0.0, patience_seconds=0.0) is Outcome.SENT
    assert (len(messages(broker_url)), len(messages(broker_url, TRIALS_QUEUE))) == (1, 1)


def test_a_worker_that_stops_sends_a_message_on_as_it_came(runtime: Runtime) -> None:
    runtime.shutdown.raise_for_all()
    run_job(runtime, "job_1", TRIAL)
    run_job(runtime, "job_2")
    url = runtime.settings.broker_url
    assert [message["headers"]["argsrepr"] for message in messages(url, TRIALS_QUEUE)] == ["('job_1',)"]  # type: ignore[index]
    assert [message["headers"]["argsrepr"] for message in messages(url)] == ["('job_2',)"]  # type: ignore[index]
