"""The server's process refuses what it must not serve, and says what it waits for."""

from __future__ import annotations

from pathlib import Path

import pytest

from service import server
from store import schema
from store.settings import Settings


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_loopback_is_served(host: str) -> None:
    assert server.refusal(Settings(host=host)) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org"])
def test_another_address_is_refused_unless_told_so(host: str) -> None:
    reason = server.refusal(Settings(host=host))
    assert reason is not None
    assert "MLP_ALLOW_REMOTE" in reason
    assert server.refusal(Settings(host=host, allow_remote=True)) is None


def test_a_database_without_its_schema_ends_the_start_with_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(data_dir=tmp_path)
    assert server.wait_for_database(settings) == server.TOO_OLD
    assert "mlp db upgrade" in caplog.text
    schema.upgrade(settings.resolved_database_url)
    assert server.wait_for_database(settings) == 0


def test_a_database_that_stays_away_ends_the_start(caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(database_url="postgresql://nobody@127.0.0.1:1/none")
    assert server.wait_for_database(settings, patience=0.3) == server.NO_DATABASE
    assert "did not answer" in caplog.text
