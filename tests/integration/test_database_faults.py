"""A tenth of the fault campaign (`tests/faults`): the database may be stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.campaign import Campaign
from tests.support.faults.stopped_database import own_postgresql, stop_database


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_f13_trainings_go_on_when_the_database_is_back(campaign: Campaign, tmp_path: Path, broker_url: str) -> None:
    with own_postgresql(tmp_path, broker_url) as (settings, database, server):
        stop_database(settings, database, server, campaign.tally("F13", database.url, 10))
