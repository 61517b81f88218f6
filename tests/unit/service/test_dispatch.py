"""A job that is committed is accepted, whatever is away afterwards."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from service.dispatch import Dispatcher
from store.settings import Settings
from tests.support.outage import FlakyDatabase
from tests.support.rows import queued_job, read_job


@pytest.fixture
def flaky(database_url: str) -> Iterator[FlakyDatabase]:
    database = FlakyDatabase(database_url)
    yield database
    database.dispose()


@pytest.fixture
def no_broker(settings: Settings) -> Settings:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return settings.model_copy(update={"broker_url": f"redis://127.0.0.1:{port}/0"})


def test_a_job_without_a_message_is_left_to_the_reaper(no_broker: Settings, flaky: FlakyDatabase) -> None:
    job_id = queued_job(flaky).id
    assert not Dispatcher(no_broker, flaky).dispatch(job_id)
    assert read_job(flaky, job_id).published_at is None


def test_a_job_is_accepted_when_broker_and_database_are_away_after_its_commit(
    no_broker: Settings, flaky: FlakyDatabase
) -> None:
    job_id = queued_job(flaky).id
    flaky.away = True
    assert not Dispatcher(no_broker, flaky).dispatch(job_id)
    assert flaky.refused == 1
