"""F14: a worker that is told to stop."""

from __future__ import annotations

import signal
import time
from typing import Any

from store.database import Database
from store.settings import Settings
from store.tables import DatasetRow
from tests.support.campaign import Tally
from tests.support.faults.ground import (
    LONG_TRAINING,
    fault_settings,
    submit_and_publish,
    undisturbed,
    wait_for_end,
    wait_for_progress,
)
from tests.support.training import job_now, outcome_digest, points_table, upload
from tests.support.workers import worker

GRACE_SECONDS = 10.0


def stop_worker_in_mid_training(settings: Settings, database: Database, tally: Tally) -> None:
    """SIGTERM to a worker: it gives its job back within the grace period, and another one goes on where it was."""
    # Neither a lease nor the time for a checkpoint runs out here: the give-back must do it.
    settings = fault_settings(settings, lease_seconds=30.0, checkpoint_seconds=1000.0)
    dataset = upload(settings, database, points_table())
    expected = undisturbed(settings, database, dataset, **LONG_TRAINING)
    for number in range(tally.rounds):
        with tally.round():
            _stop(settings, database, dataset, expected, epochs=20 + 10 * (number % 20))


def _stop(
    settings: Settings, database: Database, dataset: DatasetRow, expected: dict[str, Any], *, epochs: int
) -> None:
    with worker(settings, "leaving") as leaving:
        job_id = submit_and_publish(settings, database, dataset, **LONG_TRAINING)
        seen = wait_for_progress(database, job_id, epochs=epochs)
        started = time.monotonic()
        leaving.signal(signal.SIGTERM)
        assert leaving.wait(GRACE_SECONDS) == 0
        print(f"stopped within {time.monotonic() - started:.2f} s")
    assert job_now(database, job_id).status == "queued"
    with worker(settings, "staying"):  # hears of the job by the message that the leaving one sent
        job = wait_for_end(database, job_id)
    assert (job.status, job.token, job.attempts) == ("succeeded", 2, 0)
    assert outcome_digest(database, job_id) == expected
    log = (settings.data_dir / "staying.log").read_text("utf-8")
    assert f"{job_id} goes on in epoch " in log, "it began anew"
    resumed_in = int(log.rpartition(f"{job_id} goes on in epoch ")[2].split()[0])
    assert resumed_in > seen.epoch, "work from before the last checkpoint was repeated"
