"""A PostgreSQL that says nothing is waited for only so long."""

from __future__ import annotations

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError

from store.database import Database
from tests.support.faults.proxy import proxy_before
from tests.support.postgres import PostgresServer
from worker.outages import is_outage

pytestmark = pytest.mark.timeout(50)
SILENCE_SECONDS = 1.0


def test_a_silent_server_counts_as_away_and_is_asked_again_when_it_speaks(postgres_server: PostgresServer) -> None:
    url = make_url(postgres_server.url())
    assert url.port is not None
    with proxy_before(url.port) as proxy:
        through = url.set(port=proxy.port).render_as_string(hide_password=False)
        database = Database(through, silence_seconds=SILENCE_SECONDS)
        with database.read() as s:
            assert s.scalar(text("SELECT 1")) == 1
            with proxy.hole():  # which lasts until the error has come
                with pytest.raises(OperationalError, match="silent for 1 s") as silent:
                    s.scalar(text("SELECT 2"))
                with pytest.raises(OperationalError), database.read() as another:
                    another.scalar(text("SELECT 3"))
        assert silent.value.connection_invalidated
        assert is_outage(silent.value)
        with database.read() as s:
            assert s.scalar(text("SELECT 4")) == 4
        database.dispose()


def test_a_statement_that_lasts_is_waited_for(postgres_server: PostgresServer) -> None:
    database = Database(postgres_server.url(), silence_seconds=SILENCE_SECONDS)
    with database.read() as s:
        assert s.scalar(text("SELECT 1 FROM pg_sleep(0.5)")) == 1
    database.dispose()
