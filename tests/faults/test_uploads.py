"""F10 and F12: uploads whose API is killed, and a SQLite file that many processes use."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.database import Database
from store.settings import Settings
from tests.support import crowded_sqlite, interrupted_uploads
from tests.support.campaign import Campaign
from tests.support.faults.killed_uploads import die_at_points_of_an_upload

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


def test_uploads_whose_api_is_killed_leave_nothing_and_work_again(
    settings: Settings, database: Database, campaign: Campaign, tmp_path: Path
) -> None:
    tally = campaign.tally("F10", database.url, 50)
    with tally.round(tally.rounds):
        interrupted_uploads.kill_the_api_in_mid_upload(settings, database, tmp_path, tally)


def test_uploads_whose_api_dies_at_named_points_leave_nothing_and_work_again(
    settings: Settings, database: Database, campaign: Campaign, tmp_path: Path
) -> None:
    die_at_points_of_an_upload(settings, database, tmp_path, campaign.tally("F10", database.url, 10))


def test_a_crowd_whose_members_are_killed_loses_no_row(campaign: Campaign, tmp_path: Path) -> None:
    tally = campaign.tally("F12", "sqlite", 20)
    with tally.round(tally.rounds):
        crowded_sqlite.crowd_a_file(tmp_path, tally, seconds=60)
