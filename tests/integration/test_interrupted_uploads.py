"""The API dies while it takes a table in: the table is whole or absent, and sending it again works."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.database import Database
from store.settings import Settings
from tests.support import interrupted_uploads
from tests.support.campaign import Campaign
from tests.support.faults.killed_uploads import die_at_points_of_an_upload


@pytest.mark.slow
def test_uploads_whose_api_is_killed_leave_nothing_and_work_again(
    settings: Settings, database: Database, campaign: Campaign, tmp_path: Path
) -> None:
    tally = campaign.tally("F10", database.url, 50)
    with tally.round(tally.rounds):
        interrupted_uploads.kill_the_api_in_mid_upload(settings, database, tmp_path, tally)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_f10_uploads_whose_api_dies_at_named_points_leave_nothing_and_work_again(
    settings: Settings, database: Database, campaign: Campaign, tmp_path: Path
) -> None:
    die_at_points_of_an_upload(settings, database, tmp_path, campaign.tally("F10", database.url, 10), points=2)
