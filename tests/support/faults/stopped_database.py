"""F13: PostgreSQL stopped at once, and started again, while jobs train."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from store import schema
from store.database import Database
from store.settings import Settings
from store.tables import ENDED
from tests.support.campaign import Tally
from tests.support.faults.ground import (
    LONG_TRAINING,
    RECOVERY_SECONDS,
    check_ended_alike,
    fault_settings,
    submit_and_publish,
    undisturbed,
    wait_for_progress,
)
from tests.support.postgres import PostgresServer
from tests.support.training import job_now, points_table, upload
from tests.support.workers import reaper, wait_until, worker

_LEAST_AWAY_SECONDS = 1.0  # so that the reaper sees it, and leaves leases that ran out meanwhile alone
_LONGEST_AWAY_SECONDS = 4.0


@contextmanager
def own_postgresql(folder: Path, broker_url: str) -> Iterator[tuple[Settings, Database, PostgresServer]]:
    """A server of the test's own, whose commits outlive its crash, with a migrated database."""
    with PostgresServer(folder / "postgres", durable=True) as server:
        settings = Settings(data_dir=folder / "var", database_url=server.create_database("own"), broker_url=broker_url)
        schema.upgrade(settings.database_url)
        database = Database(settings.database_url)
        try:
            yield settings, database, server
        finally:
            database.dispose()


def stop_database(settings: Settings, database: Database, server: PostgresServer, tally: Tally) -> None:
    """F13. The jobs go on when the database is back, to the same bits, in the very processes that had them before.

    In each round one job is in mid-training, and one has just been asked for: its claim may meet the closed door.
    """
    settings = fault_settings(settings)
    dataset = upload(settings, database, points_table())
    expected = undisturbed(settings, database, dataset, **LONG_TRAINING)
    with reaper(settings) as reaping, worker(settings) as working:
        processes = {reaping.pid, working.pid, *working.children()}
        for _ in range(tally.rounds):
            with tally.round():
                training = submit_and_publish(settings, database, dataset, **LONG_TRAINING)
                wait_for_progress(database, training)
                tally.pause(0.5)
                asked_for = submit_and_publish(settings, database, dataset, **LONG_TRAINING)
                before = job_now(database, training)
                server.kill()
                time.sleep(_LEAST_AWAY_SECONDS)
                tally.pause(_LONGEST_AWAY_SECONDS - _LEAST_AWAY_SECONDS)
                server.start()
                back_at = time.monotonic()

                def goes_on(job_id: str = training, seen: int = before.epoch) -> bool:
                    job = job_now(database, job_id)
                    return job.epoch > seen or job.status in ENDED

                wait_until(goes_on, what="the training's next epoch")
                tally.recovered(time.monotonic() - back_at, within=RECOVERY_SECONDS)
                check_ended_alike(database, training, expected)
                check_ended_alike(database, asked_for, expected)
                assert job_now(database, training).token == 1, "it was taken from the worker that trained it"
        assert reaping.running
        assert working.running
        assert {reaping.pid, working.pid, *working.children()} == processes, "a process was restarted"
