"""A tenth of F17 (`tests/faults`): many jobs, none lost, none done twice, and workers that stay as they are."""

from __future__ import annotations

import pytest

from store.database import Database
from store.settings import Settings
from tests.support.campaign import Campaign
from tests.support.faults.many_jobs import run_many_jobs


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_f17_many_tiny_jobs_are_done_once_each_by_workers_that_do_not_grow(
    settings: Settings, database: Database, campaign: Campaign
) -> None:
    run_many_jobs(settings, database, campaign.tally("F17", database.url, 2000), warm_up=60)
