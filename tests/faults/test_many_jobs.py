"""F17 of the fault campaign: thousands of tiny jobs."""

from __future__ import annotations

import pytest

from store.database import Database
from store.settings import Settings
from tests.support.campaign import Campaign
from tests.support.faults.many_jobs import run_many_jobs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


def test_thousands_of_tiny_jobs_are_done_once_each_by_workers_that_do_not_grow(
    settings: Settings, database: Database, campaign: Campaign
) -> None:
    run_many_jobs(settings, database, campaign.tally("F17", database.url, 2000), warm_up=200)
