"""F10 and F12: uploads whose API is killed, and a SQLite file that many processes use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from store.database import Database
from store.settings import Settings
from tests.support import crowded_sqlite, interrupted_uploads

ROUNDS = int(os.environ.get("FAULT_ROUNDS") or 50)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


def test_uploads_whose_api_is_killed_leave_nothing_and_work_again(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    interrupted_uploads.kill_the_api_in_mid_upload(settings, database, tmp_path, kills=ROUNDS)


def test_a_crowd_whose_members_are_killed_loses_no_row(tmp_path: Path) -> None:
    crowded_sqlite.crowd_a_file(tmp_path, seconds=60, kills=20)
