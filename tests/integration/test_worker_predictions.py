"""Predictions of a dataset by real workers that die on the way: one dataset, the same to the digest."""

from __future__ import annotations

import pytest

from store.database import Database
from store.files import FileStore
from store.settings import Settings
from store.sweep import sweep_datasets
from store.tables import ENDED
from tests.support.dataset_predictions import (
    datasets_named,
    files_of,
    large_table,
    made_by,
    submit_prediction,
    trained_model,
)
from tests.support.failpoints import Step, plan, taken
from tests.support.faults.ground import fault_settings
from tests.support.training import job_now
from tests.support.workers import Part, reaper, wait_until
from worker.app import make_app
from worker.job import run_job
from worker.publisher import publish
from worker.runtime import Runtime
from worker.shutdown import ShutdownFlag

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

_STOPPED = Step("report", "committed", action="stop")
POINTS = {
    "the claim is committed": (Step("claim", "committed"),),
    "a report is not committed": (Step("report", "uncommitted"),),
    "a report is committed": (Step("report", "committed"),),
    "before the end": (Step("end", "before"),),
    "the end is not committed": (Step("end", "uncommitted"),),
    "the end is committed": (Step("end", "committed"),),
    "the worker is told to stop": (_STOPPED,),
    "a give-back is not committed": (_STOPPED, Step("give-back", "uncommitted")),
}


def test_a_prediction_whose_worker_dies_at_any_point_makes_one_dataset_with_the_same_digest(
    settings: Settings, database: Database
) -> None:
    settings = fault_settings(settings, report_seconds=0.0001, max_attempts=5)
    files = FileStore(settings.resolved_data_url)
    app = make_app(settings)
    here = Runtime(settings, database, files, app, ShutdownFlag(), None, "test")
    trained_model(here)
    dataset = large_table(settings, database, 30_000)
    undisturbed = submit_prediction(database, dataset, "undisturbed")
    run_job(here, undisturbed.id)
    expected = made_by(database, undisturbed.id)
    before = files_of(settings)
    jobs = {}
    for number, (point, steps) in enumerate(POINTS.items()):
        jobs[point] = submit_prediction(database, dataset, f"result{number}").id
        plan(settings.data_dir, jobs[point], *steps)
        assert publish(app, jobs[point])
    working = Part("tests.support.failing_worker", settings, settings.data_dir / "worker.log", "The worker is ready")
    with reaper(settings), working:
        for job_id in jobs.values():
            wait_until(lambda job_id=job_id: job_now(database, job_id).status in ENDED, seconds=90, what="the end")  # type: ignore[misc]
        assert {point for point in jobs if taken(settings.data_dir, jobs[point]) != len(POINTS[point])} == set()
    for point, job_id in jobs.items():
        made = made_by(database, job_id)
        assert (made.sha256, made.columns) == (expected.sha256, expected.columns), point
    # What the attempts before have left goes with the sweep.
    settled = {made_by(database, job_id).blob_key for job_id in jobs.values()}
    assert files_of(settings) > before | settled, "nothing was left behind: no attempt died while it wrote"
    with database.write() as s:
        s.connection().exec_driver_sql("UPDATE datasets SET lease_expires_at = 0 WHERE status = 'uploading'")
    sweep_datasets(database, files, orphan_seconds=0, wall_clock=lambda: 4e9)
    assert files_of(settings) == before | settled
    assert [datasets_named(database, f"result{number}") for number in range(len(POINTS))] == [1] * len(POINTS)
