"""F15, the long form of `tests/integration/test_full_disk.py`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from store.settings import Settings
from tests.support import full_disk

ROUNDS = max(2, int(os.environ.get("FAULT_ROUNDS") or 50) // 5)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


def test_uploads_to_a_full_disk_are_refused_by_name_and_leave_nothing(settings: Settings, tmp_path: Path) -> None:
    full_disk.upload_to_a_full_disk(settings, tmp_path, rounds=ROUNDS)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_trainings_wait_for_room_and_end_identical_to_the_bit(settings: Settings, tmp_path: Path) -> None:
    full_disk.fill_the_disk_in_mid_training(settings, tmp_path, rounds=ROUNDS)
