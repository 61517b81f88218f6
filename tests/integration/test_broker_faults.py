"""A tenth of the fault campaign (`tests/faults`): the broker may be restarted, forget everything, or be away."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlp.redis_server import RedisServer
from store.database import Database
from store.settings import Settings
from tests.support.campaign import Campaign
from tests.support.faults.broker import ask_without_broker, forget_all_messages, restart_broker

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@on_postgresql
def test_f4_a_worker_consumes_again_after_the_broker_was_restarted(
    settings: Settings, database: Database, campaign: Campaign, tmp_path: Path
) -> None:
    with RedisServer(tmp_path / "own-redis") as server:
        restart_broker(settings, database, server, campaign.tally("F4", database.url, 20))


@on_postgresql
def test_f5_jobs_whose_messages_are_forgotten_run_once(
    settings: Settings, database: Database, campaign: Campaign
) -> None:
    forget_all_messages(settings, database, campaign.tally("F5", database.url, 10))


@on_sqlite
def test_f6_jobs_that_are_asked_for_without_a_broker_are_accepted_at_once_and_run_later(
    settings: Settings, database: Database, campaign: Campaign, tmp_path: Path
) -> None:
    with RedisServer(tmp_path / "own-redis") as server:
        ask_without_broker(settings, database, server, campaign.tally("F6", database.url, 100))
