"""What share of a training's time its epoch reports take: ``python bench/reports.py [epochs]``.

Epochs of one millisecond, 10,000 of them by default, on a SQLite file in a temporary folder.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from core.training import EpochReport
from store import schema
from store.database import Database
from tests.support.rows import PROJECT, running_job
from worker.progress import Progress

EPOCH_SECONDS = 0.001


def main() -> None:
    """Measure, and print one line."""
    epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'mlp.db'}"
        schema.upgrade(url)
        database = Database(url)
        _, fence = running_job(database)
        progress = Progress(database, fence, PROJECT, epochs=epochs, seen_epoch=0, report_seconds=0.25)
        started = time.monotonic()
        for epoch in range(1, epochs + 1):
            ends = time.monotonic() + EPOCH_SECONDS
            while time.monotonic() < ends:
                pass  # a sleep would take longer than it says
            progress.add(EpochReport(epoch, 0.5, 0.5, 0.9, 0.9, 0.001, 1.0, EPOCH_SECONDS, 100), epoch)
        progress.write()
        whole = time.monotonic() - started
        database.dispose()
    spent = progress.seconds_writing
    print(f"{epochs} epochs in {whole:.2f} s, {spent:.2f} s on reports: {spent / whole:.1%}")


if __name__ == "__main__":
    main()
