"""``mlp demo`` makes the whole trip, and leaves nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlp.home import with_code_path


@pytest.mark.timeout(150)
def test_the_demo_shows_the_whole_trip_and_ends_with_status_0(tmp_path: Path) -> None:
    started = time.monotonic()
    environment = with_code_path({**os.environ, "TMPDIR": str(tmp_path), "COLUMNS": "80"})
    done = subprocess.run(
        [sys.executable, "-m", "mlp", "demo"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    for part in ("database", "redis", "worker", "reaper", "api"):
        assert f"✓ {part}" in done.stdout
    assert "iris@1: 150 rows" in done.stdout
    assert "training loss" in done.stdout
    assert "succeeded" in done.stdout
    assert "accuracy" in done.stdout
    assert "always " in done.stdout
    assert "Confusion matrix" in done.stdout
    assert "/predict?model=iris&sepal_length=5.1" in done.stdout
    assert "POST http://127.0.0.1:" in done.stdout
    predicted = [
        line.split()[0] for line in done.stdout.splitlines() if line.rstrip().endswith("%") and "epoch" not in line
    ]
    assert predicted == ["setosa", "setosa", "versicolor", "virginica"]
    assert "✓ stopped" in done.stdout
    assert list(tmp_path.iterdir()) == []
    assert time.monotonic() - started < 60.0
