"""Epoch reports reach the database in time, in batches, once each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy.orm import Session

from core.training import EpochReport
from store import histories, leases
from store.database import Database
from store.errors import LeaseLost
from store.leases import Fence
from tests.support.outage import FlakyDatabase
from tests.support.rows import PROJECT, read_job, running_job
from worker.progress import Progress


def report(epoch: int, *, loss: float = 0.5, seconds: float = 0.001) -> EpochReport:
    return EpochReport(
        epoch=epoch,
        train_loss=loss,
        validation_loss=None,
        train_score=0.9,
        validation_score=None,
        learning_rate=0.001,
        gradient_norm=1.0,
        seconds=seconds,
        samples=100,
    )


def progress(
    database: Database, fence: Fence, *, epochs: int = 10, seen_epoch: int = 0, every: float = 0.0
) -> Progress:
    return Progress(database, fence, PROJECT, epochs=epochs, seen_epoch=seen_epoch, report_seconds=every)


def epochs_of(database: Database, job_id: str) -> list[int]:
    with database.read() as s:
        return [row["epoch"] for row in histories.history(s, job_id, limit=100_000)]


@pytest.fixture
def flaky(database: Database) -> Iterator[FlakyDatabase]:
    flaky = FlakyDatabase(database.url, pool_size=1)
    yield flaky
    flaky.dispose()


def test_the_first_epoch_is_seen_at_once(database: Database) -> None:
    job, fence = running_job(database)
    progress(database, fence, every=3600.0).add(report(1), 1)
    assert epochs_of(database, job.id) == [1]


def test_later_epochs_wait_for_each_other(database: Database) -> None:
    job, fence = running_job(database)
    reports = progress(database, fence, every=3600.0)
    for epoch in range(1, 6):
        reports.add(report(epoch), 1)
    assert epochs_of(database, job.id) == [1]
    reports.write()
    assert epochs_of(database, job.id) == [1, 2, 3, 4, 5]
    assert read_job(database, job.id).advanced


def test_the_job_shows_its_pace_and_the_time_left(database: Database) -> None:
    job, fence = running_job(database)
    reports = progress(database, fence, epochs=10)
    for epoch in (1, 2):
        reports.add(report(epoch, seconds=0.5), epoch)
    reports.write()
    shown = read_job(database, job.id)
    assert (shown.epoch, shown.best_epoch) == (2, 2)
    assert shown.samples_per_second == pytest.approx(200.0)
    assert shown.eta_seconds == pytest.approx(8 * 0.5)


def test_an_epoch_that_was_reported_before_a_resume_stays_as_it_was(database: Database) -> None:
    job, fence = running_job(database)
    progress(database, fence).add(report(1, loss=0.25), 1)
    progress(database, fence, seen_epoch=3).add(report(1, loss=9.0), 1)
    with database.read() as s:
        (row,) = histories.history(s, job.id)
    assert row["train_loss"] == 0.25
    assert read_job(database, job.id).epoch == 3, "what people see never goes back"


def test_reports_wait_out_an_outage_of_the_database(database: Database, flaky: FlakyDatabase) -> None:
    job, fence = running_job(database)
    reports = progress(flaky, fence)
    flaky.away = True
    for epoch in (1, 2, 3):
        reports.add(report(epoch), 1)
    assert not reports.try_to_write()
    flaky.away = False
    assert reports.try_to_write()
    assert epochs_of(database, job.id) == [1, 2, 3]


def test_reports_of_a_void_claim_are_refused(database: Database) -> None:
    job, fence = running_job(database, lease_seconds=-60.0)
    with database.write() as s:
        leases.take_back(s, fence, 3)
    with pytest.raises(LeaseLost):
        progress(database, fence).add(report(1), 1)
    assert epochs_of(database, job.id) == []


class SlowDatabase(Database):
    """The real database, whose writes take as long as told on a clock of their own."""

    now, cost = 0.0, 0.0

    def monotonic(self) -> float:
        return self.now

    @contextmanager
    def write(self) -> Iterator[Session]:
        with super().write() as s:
            yield s
        self.now += self.cost


@pytest.mark.parametrize("cost", [0.002, 0.05, 0.2])
def test_ten_thousand_epochs_of_a_millisecond_spend_under_a_tenth_on_reports(
    database: Database, monkeypatch: pytest.MonkeyPatch, cost: float
) -> None:
    job, fence = running_job(database)
    slow = SlowDatabase(database.url, pool_size=1)
    slow.cost = cost
    monkeypatch.setattr("worker.progress.time", slow)  # `bench/reports.py` measures on the wall clock
    reports = progress(slow, fence, epochs=10_000, every=0.25)
    for epoch in range(1, 10_001):
        slow.now += 0.001
        reports.add(report(epoch), epoch)
    reports.write()
    slow.dispose()
    assert reports.seconds_writing < 0.1 * slow.now
    assert epochs_of(database, job.id) == list(range(1, 10_001))
