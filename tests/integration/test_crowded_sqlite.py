"""Many processes on one SQLite file, some of them killed: nobody is locked out, and nothing acknowledged is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import crowded_sqlite


@pytest.mark.slow
def test_a_crowd_whose_members_are_killed_loses_no_row(tmp_path: Path) -> None:
    crowded_sqlite.crowd_a_file(tmp_path, seconds=6, kills=2)
