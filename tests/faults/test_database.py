"""F13 of the fault campaign: PostgreSQL is stopped at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.campaign import Campaign
from tests.support.faults.stopped_database import own_postgresql, stop_database


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_trainings_go_on_when_the_database_is_back(campaign: Campaign, tmp_path: Path, broker_url: str) -> None:
    with own_postgresql(tmp_path, broker_url) as (settings, database, server):
        stop_database(settings, database, server, campaign.tally("F13", database.url, 10))
