"""How jobs end: a version of one's own, or a candidate for the search."""

from __future__ import annotations

import pytest

from store.database import Database
from store.errors import LeaseLost
from store.leases import Fence
from tests.support.rows import new_version, read_job, running_job
from tests.support.searches import add_trials, networks_stored, run_trial, search_row
from tests.support.training import versions_of
from worker.ending import end_job


def test_a_job_of_its_own_publishes_its_version(database: Database) -> None:
    job, fence = running_job(database)
    with database.write() as s:
        end_job(s, job, fence, "succeeded", version=new_version(job.id))
    assert len(versions_of(database, job.id)) == 1
    assert read_job(database, job.id).model_version == 1


def test_a_trial_offers_its_network_and_publishes_nothing(database: Database) -> None:
    search = search_row(database, trials=3)
    job, fence = run_trial(database, add_trials(database, search.id, 1)[0])
    with database.write() as s:
        end_job(s, job, fence, "succeeded", version=new_version(job.id), trial_value=0.5)
    assert versions_of(database, job.id) == []
    after = read_job(database, search.id)
    assert (after.trial, after.trial_value, networks_stored(database)) == (0, 0.5, 1)


def test_a_trial_that_is_cancelled_with_something_to_keep_publishes_it_as_its_own(database: Database) -> None:
    search = search_row(database, trials=3)
    job, fence = run_trial(database, add_trials(database, search.id, 1)[0])
    with database.write() as s:
        end_job(s, job, fence, "cancelled", version=new_version(job.id, source="trial"))
    (version,) = versions_of(database, job.id)
    assert version.source == "trial"
    assert read_job(database, search.id).trial is None


def test_a_void_claim_ends_nothing_and_leaves_nothing(database: Database) -> None:
    search = search_row(database, trials=3)
    job, fence = run_trial(database, add_trials(database, search.id, 1)[0])
    stale = Fence(fence.job_id, fence.token - 1)
    with pytest.raises(LeaseLost), database.write() as s:
        end_job(s, job, stale, "succeeded", version=new_version(job.id), trial_value=0.5)
    assert (read_job(database, job.id).status, networks_stored(database)) == ("running", 0)
