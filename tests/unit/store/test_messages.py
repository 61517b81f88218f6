"""Each queued job is told of once a lease, what people wait for before the trials of searches."""

from __future__ import annotations

from sqlalchemy import update

from store import messages
from store.clock import now
from store.database import Database
from store.tables import JobRow
from tests.support.rows import queued_job, running_job
from tests.support.searches import add_trials, search_row


def test_a_fresh_job_is_not_published_again_within_a_lease(database: Database) -> None:
    job = queued_job(database)
    with database.write() as s:
        assert messages.republishable(s, 30) == []
        assert not messages.mark_published(s, job.id, 30)


def test_a_job_whose_message_is_a_lease_old_is_published_once_more_by_one_of_many(database: Database) -> None:
    job = queued_job(database)
    with database.write() as s:
        messages.unmark_published(s, job.id)
        assert messages.republishable(s, 30) == [job.id]
    with database.write() as s:
        assert messages.mark_published(s, job.id, 30)
    with database.write() as s:
        assert not messages.mark_published(s, job.id, 30)
        assert messages.republishable(s, 30) == []
        assert messages.republishable(s, -1) == [job.id]


def test_a_running_job_is_never_published(database: Database) -> None:
    job, _ = running_job(database)
    with database.write() as s:
        messages.unmark_published(s, job.id)
        assert messages.republishable(s, -1) == []
        assert not messages.mark_published(s, job.id, -1)


def test_what_people_wait_for_is_told_of_before_trials(database: Database) -> None:
    trials = add_trials(database, search_row(database, parallelism=3).id, 3)
    last = queued_job(database).id
    with database.read() as s:
        assert messages.republishable(s, -1) == [last, *trials]
        assert messages.republishable(s, -1, patience_seconds=60) == [last, *trials]
        assert [messages.goes_behind(s, job_id, 60) for job_id in (trials[0], last)] == [True, False]


def test_a_trial_that_has_waited_for_long_waits_in_line(database: Database) -> None:
    trials = add_trials(database, search_row(database, parallelism=3).id, 3)
    last = queued_job(database).id
    with database.write() as s:
        s.execute(update(JobRow).where(JobRow.id == trials[1]).values(created_at=now() - 61))
    with database.read() as s:
        assert messages.republishable(s, -1, patience_seconds=60) == [trials[1], last, trials[0], trials[2]]
        assert [messages.goes_behind(s, job_id, 60) for job_id in trials] == [True, False, True]
