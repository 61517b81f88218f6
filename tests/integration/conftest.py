"""Fixtures of tests that go through several rooms of the house."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlp.redis_server import RedisServer
from store.settings import Settings
from tests.support.api import Api, running
from tests.support.campaign import BOOK, Campaign
from tests.support.refusals import furnish, low_limits


@pytest.fixture
def campaign(pytestconfig: pytest.Config) -> Campaign:
    """A tenth of the fault campaign of `tests/faults`."""
    return Campaign(pytestconfig.stash[BOOK], 0.1)


@pytest.fixture
def api(settings: Settings) -> Iterator[Api]:
    """The API on a fresh database (both kinds in turn), with Flask's own client."""
    with running(settings) as api:
        yield api


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def refusing(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer
) -> Iterator[Api]:
    """One API for all requests that are refused: they leave nothing behind, so it stays as it is."""
    folder = tmp_path_factory.mktemp("refusing")
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("_migrated_sqlite")
        shutil.copyfile(template, folder / "test.db")
        url = f"sqlite:///{folder / 'test.db'}"
    else:
        server = request.getfixturevalue("postgres_server")
        url = server.create_database("refusing", request.getfixturevalue("_migrated_postgresql"))
    settings = Settings(data_dir=folder, database_url=url, broker_url=redis_server.url)
    with running(low_limits(settings)) as api:
        furnish(api)
        yield api


@pytest.fixture
def nothing_is_left_behind(refusing: Api) -> Iterator[None]:
    """No row and no file more after the test than before it."""
    before = refusing.traces()
    yield
    assert refusing.traces() == before
