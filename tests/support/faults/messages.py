"""F7: a message that comes many times."""

from __future__ import annotations

from store.database import Database
from store.settings import Settings
from tests.support.campaign import Tally
from tests.support.faults.broker import messages_waiting
from tests.support.faults.ground import LONG_TRAINING, fault_settings, wait_for_end
from tests.support.training import job_now, points_table, submit, upload, versions_of
from tests.support.workers import wait_until, worker
from worker.app import make_app
from worker.publisher import publish


def deliver_many_times(settings: Settings, database: Database, tally: Tally, *, times: int) -> None:
    """Send each job's message many times while two workers listen: each job is done once."""
    settings = fault_settings(settings)
    dataset = upload(settings, database, points_table())
    app = make_app(settings)
    with tally.round(tally.rounds), worker(settings, "first"), worker(settings, "second"):
        ids = [submit(database, dataset, **(LONG_TRAINING | {"epochs": 20})).id for _ in range(tally.rounds)]
        for _ in range(times):
            for job_id in ids:
                assert publish(app, job_id)
        for job_id in ids:
            assert wait_for_end(database, job_id).status == "succeeded"
        wait_until(lambda: messages_waiting(settings) == 0, what="an empty queue")
        for job_id in ids:
            assert len(versions_of(database, job_id)) == 1
            assert job_now(database, job_id).token == 1, "claimed more than once"
