"""Many processes on one SQLite file, some of them killed: nobody is locked out, and nothing acknowledged is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import crowded_sqlite
from tests.support.campaign import Campaign


@pytest.mark.slow
def test_a_crowd_whose_members_are_killed_loses_no_row(campaign: Campaign, tmp_path: Path) -> None:
    tally = campaign.tally("F12", "sqlite", 20)
    with tally.round(tally.rounds):
        crowded_sqlite.crowd_a_file(tmp_path, tally, seconds=6)
