"""One stack at a time works in a folder."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from mlp.lock import FolderHeld, hold


def test_a_second_holder_is_told_who_the_first_is(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "var"
    with hold(folder) as lock:
        with pytest.raises(FolderHeld, match="just starting"), hold(folder):
            pass
        lock.tell("http://127.0.0.1:1234")
        told = re.escape(f"{folder} is in use by process {os.getpid()}, which serves http://127.0.0.1:1234.")
        with pytest.raises(FolderHeld, match=told), hold(folder):
            pass
    with hold(folder):
        pass


def test_what_a_former_holder_told_is_not_told_of_the_next(tmp_path: Path) -> None:
    with hold(tmp_path) as lock:
        lock.tell("http://127.0.0.1:1")
    with hold(tmp_path), pytest.raises(FolderHeld, match="just starting"), hold(tmp_path):
        pass
