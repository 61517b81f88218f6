"""Real workers keep jobs within their limits, and go on with the next job."""

from __future__ import annotations

from typing import Any

import pytest

from store.database import Database
from store.machine import held_bytes
from store.settings import Settings
from store.tables import DatasetRow, JobRow
from tests.support.faults.ground import LONG_TRAINING, SHORT_TRAINING, fault_settings, wait_for_end
from tests.support.training import points_table, submit, upload, versions_of
from tests.support.workers import Part, reaper
from worker.app import make_app
from worker.publisher import publish

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(held_bytes() is None, reason="this system does not say what a process holds"),
]
MEMORY = {"memory_limit_bytes": 384 << 20}
ENDLESS = LONG_TRAINING | {"epochs": 100_000, "early_stopping": None}


def test_a_job_beyond_a_limit_fails_by_name_once_and_the_next_one_is_trained(
    settings: Settings, database: Database
) -> None:
    settings = fault_settings(settings, worker_processes=1)
    dataset = upload(settings, database, points_table())
    greedy = Part("tests.support.greedy_worker", settings, settings.data_dir / "worker.log", "The worker is ready")
    with reaper(settings), greedy:

        def ended(greed: str, limits: dict[str, Any], **training: Any) -> JobRow:
            if greed:
                (settings.data_dir / "greed").write_text(greed)
            job_id = asked(settings, database, dataset, limits, **training)
            return wait_for_end(database, job_id)

        for greed, limits, code in (
            ("", {"time_limit_seconds": 1.0}, "time_limit_exceeded"),
            ("hang", {"time_limit_seconds": 2.0}, "time_limit_exceeded"),
            ("take", MEMORY, "memory_limit_exceeded"),
            ("take hang", MEMORY, "memory_limit_exceeded"),
        ):
            (before,) = greedy.children()
            job = ended(greed, limits, **ENDLESS)
            assert job.error is not None, greed
            assert (job.status, job.error["code"], job.token, job.attempts) == ("failed", code, 1, 0), greed
            assert versions_of(database, job.id) == []
            # The next job does not wait: where the trainer stops, in the same process.
            assert ended("", {**MEMORY, "time_limit_seconds": 60.0}, **SHORT_TRAINING).status == "succeeded"
            assert (greedy.children() == [before]) == ("hang" not in greed), greed
        assert greedy.running
    assert "do_block_and_more" in greedy.read_log(), "the log does not say where it hung"


def asked(settings: Settings, database: Database, dataset: DatasetRow, limits: dict[str, Any], **training: Any) -> str:
    job = submit(database, dataset, limits=limits, **training)
    assert publish(make_app(settings), job.id)
    return job.id
