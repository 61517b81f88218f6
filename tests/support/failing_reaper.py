"""A reaper that dies where a plan says so: ``python -m tests.support.failing_reaper``."""

from __future__ import annotations

from store.settings import Settings
from tests.support.failpoints import FOLDER, Failpoints
from worker import reaper

if __name__ == "__main__":
    Failpoints(Settings().data_dir / FOLDER).install()
    reaper.main()
