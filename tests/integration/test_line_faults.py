"""A tenth of F11 (`tests/faults`): the lines to Redis and PostgreSQL may be slow, break, or swallow everything."""

from __future__ import annotations

import pytest

from store.database import Database
from store.settings import Settings
from tests.support.campaign import Campaign
from tests.support.faults.cut_line import strain_lines


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_f11_jobs_end_and_requests_are_answered_whatever_the_lines_do(
    settings: Settings, database: Database, campaign: Campaign
) -> None:
    settings = settings.model_copy(update={"database_seconds": 2.0})
    strain_lines(settings, database, campaign.tally("F11", database.url, 60), hole_seconds=9)
