"""Fixtures that give tests the real servers and fresh databases."""

from __future__ import annotations

import itertools
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from mlp.redis_server import RedisServer
from store.database import Database
from store.settings import Settings
from tests.support.campaign import BOOK, table
from tests.support.postgres import PostgresServer

_numbers = itertools.count(1)

# How long an example takes depends on what else the machine does; a test's timeout is bound enough. CI tries the same
# examples each time, so that a change fails for its own fault only; elsewhere they are new ones with each run.
hypothesis_settings.register_profile(
    "house",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
    print_blob=True,
)
hypothesis_settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    """Open the fault campaign's book."""
    config.stash[BOOK] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """End with the fault campaign's table, where there were faults."""
    if config.stash[BOOK]:
        terminalreporter.section("fault campaign")
        for line in table(config.stash[BOOK]):
            terminalreporter.write_line(line)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No ``MLP_…`` variable of the developer's changes what a test does."""
    for name in [name for name in os.environ if name.startswith("MLP_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A running Redis for the whole session. Tests that stop or kill one start their own."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def broker_url(redis_server: RedisServer) -> str:
    """URL of an empty broker."""
    with closing(redis.Redis.from_url(redis_server.url)) as client:
        client.flushall()
    return redis_server.url


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A running PostgreSQL for the whole session, started when a test first asks."""
    with PostgresServer(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="session")
def _migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the newest schema, to be copied: migrating anew for each test is slow."""
    from store import schema

    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    schema.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def _migrated_postgresql(postgres_server: PostgresServer) -> str:
    """Name of a PostgreSQL database with the newest schema, to be copied."""
    from store import schema

    schema.upgrade(postgres_server.create_database("migrated"))
    return "migrated"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a fresh, migrated database: each test that asks runs on SQLite and on PostgreSQL.

    ``@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)`` keeps a test to one of them.
    """
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("_migrated_sqlite")
        path = tmp_path / "test.db"
        with closing(sqlite3.connect(template)) as source, closing(sqlite3.connect(path)) as target:
            source.backup(target)
        yield f"sqlite:///{path}"
    else:
        yield from _postgresql_database(request, request.getfixturevalue("_migrated_postgresql"))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a database without any table, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        yield from _postgresql_database(request, "template1")


def _postgresql_database(request: pytest.FixtureRequest, template: str) -> Iterator[str]:
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = f"test_{next(_numbers)}"
    yield server.create_database(name, template)
    server.drop_database(name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The store's connection pool on a fresh, migrated database."""
    database = Database(database_url)
    yield database
    database.dispose()


@pytest.fixture
def settings(tmp_path: Path, database_url: str, broker_url: str) -> Settings:
    """Settings on fresh folders, a fresh database (both kinds in turn) and an empty broker."""
    return Settings(data_dir=tmp_path / "var", database_url=database_url, broker_url=broker_url)
