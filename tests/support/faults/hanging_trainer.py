"""F16: a trainer that hangs inside its step."""

from __future__ import annotations

import time

from store.database import Database
from store.settings import Settings
from tests.support.campaign import Tally
from tests.support.faults.ground import (
    LONG_TRAINING,
    RECOVERY_SECONDS,
    check_ended_alike,
    fault_settings,
    goes_on,
    submit_and_publish,
    undisturbed,
)
from tests.support.training import job_now, points_table, upload
from tests.support.workers import Part, reaper, wait_until

_STALL_SECONDS = 1.0


def hang_inside_a_step(settings: Settings, database: Database, tally: Tally) -> None:
    """F16. The hanging process is killed after ``MLP_STALL_SECONDS``, and its job goes on in another one."""
    settings = fault_settings(settings, worker_processes=1, stall_seconds=_STALL_SECONDS)
    dataset = upload(settings, database, points_table())
    expected = undisturbed(settings, database, dataset, **LONG_TRAINING)
    hung = settings.data_dir / "hung"
    hanging = Part("tests.support.hanging_worker", settings, settings.data_dir / "worker.log", "The worker is ready")
    with reaper(settings), hanging:
        for _ in range(tally.rounds):
            with tally.round():
                (settings.data_dir / "hang").touch()
                hung.unlink(missing_ok=True)
                job_id = submit_and_publish(settings, database, dataset, **LONG_TRAINING)
                wait_until(hung.exists, what="the training that hangs")
                hung_at = time.monotonic()
                before = job_now(database, job_id)
                job = wait_until(lambda job_id=job_id, token=before.token: goes_on(database, job_id, token))  # type: ignore[misc]
                tally.recovered(time.monotonic() - hung_at, within=_STALL_SECONDS + RECOVERY_SECONDS)
                assert job is not None
                assert job.worker != before.worker
                check_ended_alike(database, job_id, expected)
                assert job_now(database, job_id).attempts == 0
        assert hanging.running
        assert "do_block_or_hang" in hanging.read_log(), "the log does not say where it hung"
