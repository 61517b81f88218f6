"""A full disk refuses by name, breaks nothing, and is forgotten when there is room."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.settings import Settings
from tests.support import full_disk

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_uploads_to_a_full_disk_are_refused_by_name_and_leave_nothing(settings: Settings, tmp_path: Path) -> None:
    full_disk.upload_to_a_full_disk(settings, tmp_path, rounds=2)


@on_sqlite
@pytest.mark.slow
def test_a_training_waits_for_room_and_ends_identical_to_the_bit(settings: Settings, tmp_path: Path) -> None:
    full_disk.fill_the_disk_in_mid_training(settings, tmp_path, rounds=1)
