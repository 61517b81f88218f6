"""F3 and F9: workers and reapers that die at a named point of the job protocol, once, or at every attempt."""

from __future__ import annotations

import time

from store.database import Database
from store.settings import Settings
from store.tables import ENDED, DatasetRow
from tests.support.campaign import Tally
from tests.support.failpoints import Step, plan, taken
from tests.support.faults.ground import (
    LONG_TRAINING,
    SHORT_TRAINING,
    check_ended_alike,
    fault_settings,
    submit_and_publish,
    undisturbed,
    wait_for_end,
)
from tests.support.training import job_now, points_table, submit, upload
from tests.support.workers import Part, wait_until
from worker.app import make_app
from worker.publisher import publish

_LOST = Step("report", "committed")
_STOPPED = Step("report", "committed", action="stop")
POINTS: dict[str, tuple[Step, ...]] = {
    "before the claim": (Step("claim", "before"),),
    "the claim is not committed": (Step("claim", "uncommitted"),),
    "the claim is committed": (Step("claim", "committed"),),
    "the start is not committed": (Step("start", "uncommitted"),),
    "the start is committed": (Step("start", "committed"),),
    "a renewal is not committed": (Step("renewal", "uncommitted"),),
    "a renewal is committed": (Step("renewal", "committed"),),
    "a report is not committed": (Step("report", "uncommitted", time=2),),
    "a report is committed": (Step("report", "committed", time=2),),
    "a checkpoint's bytes are not committed": (Step("bytes", "uncommitted"),),
    "a checkpoint has bytes and no name": (Step("bytes", "committed"),),
    "a checkpoint's name is not committed": (Step("checkpoint", "uncommitted"),),
    "a checkpoint is committed": (Step("checkpoint", "committed"),),
    "before the end": (Step("end", "before"),),
    "the end without its version": (Step("version", "before"),),
    "the end is not committed": (Step("end", "uncommitted"),),
    "the end is committed": (Step("end", "committed"),),
    "a give-back is not committed": (_STOPPED, Step("give-back", "uncommitted")),
    "a give-back is committed": (_STOPPED, Step("give-back", "committed")),
    "a give-back's message is sent": (_STOPPED, Step("message", "committed")),
    "a taking back is not committed": (_LOST, Step("taking back", "uncommitted")),
    "a taking back is committed": (_LOST, Step("taking back", "committed")),
    "a message is marked and not sent": (_LOST, Step("marking", "committed")),
    "a message is sent by the reaper": (_LOST, Step("message", "committed")),
}


def die_at_each_point(settings: Settings, database: Database, tally: Tally) -> None:
    """F3. One job for each point, and one whose first message was never sent: each ends as if nothing had died.

    The jobs of a round run in the same worker; the reaper is started again when it has died, as the stack does.
    """
    settings = fault_settings(settings)
    dataset = upload(settings, database, points_table())
    expected = undisturbed(settings, database, dataset, **LONG_TRAINING)
    with _reaper(settings) as reaping, _worker(settings) as working:
        for _ in range(tally.rounds):
            with tally.round(len(POINTS) + 1):
                app, planned = make_app(settings), {}
                for name in tally.moments.sample(list(POINTS), len(POINTS)):
                    job_id = submit(database, dataset, **LONG_TRAINING).id
                    plan(settings.data_dir, job_id, *POINTS[name])
                    planned[job_id] = name
                    assert publish(app, job_id)
                unsent = submit(database, dataset, **LONG_TRAINING).id

                def all_over(ids: tuple[str, ...] = (*planned, unsent)) -> bool:
                    if not reaping.running:
                        reaping.start()
                    return all(job_now(database, job_id).status in ENDED for job_id in ids)

                wait_until(all_over, seconds=30 + 10 * len(POINTS), what="the end of all jobs")
                missed = {
                    name for job_id, name in planned.items() if taken(settings.data_dir, job_id) != len(POINTS[name])
                }
                assert not missed, f"never reached: {missed}"
                for job_id in (*planned, unsent):
                    check_ended_alike(database, job_id, expected)
        assert working.running


def die_at_every_attempt(settings: Settings, database: Database, tally: Tally) -> None:
    """F9. A job that kills its process each time fails after three attempts; others do not wait for it."""
    settings = fault_settings(settings, worker_processes=1)
    dataset = upload(settings, database, points_table())
    deadly = Step("start", "committed", action="die each time")
    with _reaper(settings), _worker(settings) as working:
        for _ in range(tally.rounds):
            with tally.round():
                job_id = submit(database, dataset, **LONG_TRAINING).id
                plan(settings.data_dir, job_id, deadly)
                assert publish(make_app(settings), job_id)
                wait_until(lambda job_id=job_id: taken(settings.data_dir, job_id) > 0, what="its first death")  # type: ignore[misc]
                _start_another(settings, database, dataset, tally)
                job = wait_for_end(database, job_id)
                assert (job.status, job.attempts, taken(settings.data_dir, job_id)) == ("failed", 3, 3)
                assert job.error is not None
                assert job.error["code"] == "worker_lost"
                _start_another(settings, database, dataset, tally)
        assert working.running


def _start_another(settings: Settings, database: Database, dataset: DatasetRow, tally: Tally) -> None:
    """The next job starts within five seconds, and succeeds."""
    job_id = submit_and_publish(settings, database, dataset, **SHORT_TRAINING)
    asked_at = time.monotonic()
    wait_until(lambda: job_now(database, job_id).status != "queued", what="the next job's start")
    tally.recovered(time.monotonic() - asked_at, within=5.0)
    assert wait_for_end(database, job_id).status == "succeeded"


def _worker(settings: Settings) -> Part:
    return Part("tests.support.failing_worker", settings, settings.data_dir / "worker.log", "The worker is ready")


def _reaper(settings: Settings) -> Part:
    return Part("tests.support.failing_reaper", settings, settings.data_dir / "reaper.log", "The reaper is ready")
