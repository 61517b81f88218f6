"""F15, the long form of `tests/integration/test_full_disk.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.settings import Settings
from tests.support import full_disk
from tests.support.campaign import Campaign

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


def test_uploads_to_a_full_disk_are_refused_by_name_and_leave_nothing(
    settings: Settings, campaign: Campaign, tmp_path: Path
) -> None:
    tally = campaign.tally("F15", settings.resolved_database_url, 10)
    with tally.round(tally.rounds):
        full_disk.upload_to_a_full_disk(settings, tmp_path, rounds=tally.rounds)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_trainings_wait_for_room_and_end_identical_to_the_bit(
    settings: Settings, campaign: Campaign, tmp_path: Path
) -> None:
    tally = campaign.tally("F15", settings.resolved_database_url, 10)
    with tally.round(tally.rounds):
        full_disk.fill_the_disk_in_mid_training(settings, tmp_path, rounds=tally.rounds)
