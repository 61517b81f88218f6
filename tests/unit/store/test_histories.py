"""Loss histories, on both databases."""

from __future__ import annotations

import pytest

from store import histories
from store.database import Database
from tests.support.rows import PROJECT, queued_job, report


def write(database: Database, job_id: str, *reports: dict[str, object]) -> None:
    with database.write() as s:
        histories.append_reports(s, PROJECT, job_id, reports)


def test_reports_come_back_in_the_order_of_epochs_in_pages(database: Database) -> None:
    job = queued_job(database)
    write(database, job.id, report(2), report(1), report(3))
    write(database, job.id)
    with database.read() as s:
        assert histories.history(s, job.id) == [report(1), report(2), report(3)]
        assert histories.history(s, job.id, after_epoch=1, limit=1) == [report(2)]


def test_an_epoch_that_was_reported_never_changes(database: Database) -> None:
    job = queued_job(database)
    write(database, job.id, report(1, loss=0.5))
    write(database, job.id, report(1, loss=0.9), report(2, loss=0.4))
    with database.read() as s:
        assert [row["train_loss"] for row in histories.history(s, job.id)] == [0.5, 0.4]


def test_losses_are_kept_to_the_bit(database: Database) -> None:
    job = queued_job(database)
    loss = 0.1 + 0.2
    write(database, job.id, report(1, loss=loss))
    with database.read() as s:
        assert histories.history(s, job.id)[0]["train_loss"].hex() == loss.hex()


def test_the_latest_report_of_many_jobs_is_found_at_once(database: Database) -> None:
    first, second, third = (queued_job(database) for _ in range(3))
    write(database, first.id, report(1), report(2))
    write(database, second.id, report(7))
    with database.read() as s:
        latest = histories.latest(s, [first.id, second.id, third.id])
        assert {job_id: row["epoch"] for job_id, row in latest.items()} == {first.id: 2, second.id: 7}


@pytest.mark.parametrize("points", [1, 2, 3, 4, 10, 50, 100, 1000])
def test_a_thinned_history_keeps_the_ends_and_stays_within_its_points(database: Database, points: int) -> None:
    job = queued_job(database)
    write(database, job.id, *(report(epoch, loss=1.0 / epoch) for epoch in range(1, 101)))
    with database.read() as s:
        thin = [row["epoch"] for row in histories.thinned(s, job.id, points)]
    assert thin == sorted(set(thin))
    assert len(thin) <= points
    assert thin[-1] == 100
    if points >= 2:
        assert thin[0] == 1


def test_a_thinned_history_keeps_the_extremes(database: Database) -> None:
    job = queued_job(database)
    losses = {37: 9.0, 61: -5.0}
    write(database, job.id, *(report(epoch, loss=losses.get(epoch, 1.0)) for epoch in range(1, 101)))
    with database.read() as s:
        thin = [row["epoch"] for row in histories.thinned(s, job.id, 20)]
    assert {37, 61} <= set(thin)
