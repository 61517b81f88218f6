"""F11 of the fault campaign: the lines to Redis and PostgreSQL are slow, break, or swallow everything."""

from __future__ import annotations

import pytest

from store.database import Database
from store.settings import Settings
from tests.support.campaign import Campaign
from tests.support.faults.cut_line import strain_lines

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


def test_jobs_end_and_requests_are_answered_whatever_the_lines_do(
    settings: Settings, database: Database, campaign: Campaign
) -> None:
    settings = settings.model_copy(update={"database_seconds": 5.0})
    lines = 1 if database.is_sqlite else 2
    strain_lines(settings, database, campaign.tally("F11", database.url, 30 * lines), hole_seconds=30)
