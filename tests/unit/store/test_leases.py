"""The job protocol's promises, on both databases."""

from __future__ import annotations

import threading

import pytest

from store import checkpoints, histories, leases, registry
from store.database import Database
from store.errors import LeaseLost
from store.jobs import request_cancel
from store.leases import Fence
from store.tables import CheckpointBlobRow
from tests.support.rows import PROJECT, new_version, queued_job, read_job, report, running_job


def expire(database: Database, fence: Fence) -> None:
    with database.write() as s:
        leases.renew(s, fence, -1.0)


def take_back(database: Database, fence: Fence, max_attempts: int = 3) -> str | None:
    with database.write() as s:
        return leases.take_back(s, fence, max_attempts)


def test_a_queued_job_is_claimed_once(database: Database) -> None:
    job = queued_job(database)
    with database.write() as s:
        first = leases.claim(s, job.id, worker="a", lease_seconds=30)
    with database.write() as s:
        second = leases.claim(s, job.id, worker="b", lease_seconds=30)
    assert first is not None
    assert (first.status, first.worker, first.token) == ("running", "a", job.token + 1)
    assert second is None


def test_of_eight_workers_that_claim_at_once_one_wins(database: Database) -> None:
    job = queued_job(database)
    won: list[int] = []
    start = threading.Barrier(8)

    def attempt(number: int) -> None:
        start.wait(timeout=10)
        with database.write() as s:
            if leases.claim(s, job.id, worker=str(number), lease_seconds=30):
                won.append(number)

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(won) == 1
    assert read_job(database, job.id).worker == str(won[0])


def test_an_unknown_job_cannot_be_claimed(database: Database) -> None:
    with database.write() as s:
        assert leases.claim(s, "job_unknown", worker="a", lease_seconds=30) is None


def test_a_lease_ends_in_the_future_by_the_databases_clock(database: Database) -> None:
    job, fence = running_job(database, lease_seconds=30)
    assert job.lease_expires_at is not None
    assert job.started_at is not None
    assert 29.5 < job.lease_expires_at - job.started_at < 30.5
    with database.write() as s:
        leases.renew(s, fence, 60)
    renewed = read_job(database, job.id)
    assert renewed.lease_expires_at is not None
    assert renewed.lease_expires_at - job.lease_expires_at > 29


def test_a_running_job_within_its_lease_is_neither_expired_nor_taken_back(database: Database) -> None:
    _, fence = running_job(database)
    with database.read() as s:
        assert leases.expired(s) == []
    assert take_back(database, fence) is None


def test_an_expired_job_is_taken_back_and_its_worker_can_no_longer_write(database: Database) -> None:
    job, fence = running_job(database)
    expire(database, fence)
    with database.read() as s:
        assert leases.expired(s) == [fence]
    assert take_back(database, fence) == "queued"
    row = read_job(database, job.id)
    assert (row.status, row.published_at, row.lease_expires_at) == ("queued", None, None)
    for write in (
        lambda s: leases.renew(s, fence, 30),
        lambda s: leases.cancellation(s, fence),
        lambda s: leases.give_back(s, fence),
        lambda s: leases.finish(s, fence, "succeeded"),
        lambda s: checkpoints.name_checkpoint(s, fence, "ckpt_x"),
        lambda s: leases.record_progress(s, fence, epoch=1, best_epoch=1, samples_per_second=None, eta_seconds=None),
    ):
        with pytest.raises(LeaseLost), database.write() as s:
            write(s)
    assert read_job(database, job.id).status == "queued"


def test_a_stale_worker_cannot_write_while_the_next_one_runs(database: Database) -> None:
    job, stale = running_job(database)
    expire(database, stale)
    take_back(database, stale)
    with database.write() as s:
        claimed = leases.claim(s, job.id, worker="b", lease_seconds=30)
    assert claimed is not None
    with pytest.raises(LeaseLost), database.write() as s:
        leases.finish(s, stale, "succeeded")
    with pytest.raises(LeaseLost), database.write() as s:
        leases.renew(s, stale, 30)
    with database.write() as s:
        leases.finish(s, Fence(job.id, claimed.token), "succeeded")
    assert read_job(database, job.id).status == "succeeded"


def test_what_a_stale_worker_wrote_before_its_fence_is_rolled_back(database: Database) -> None:
    job, fence = running_job(database)
    with database.write() as s:
        leases.give_back(s, fence)
    with pytest.raises(LeaseLost), database.write() as s:
        histories.append_reports(s, PROJECT, job.id, [report(1)])
        leases.record_progress(s, fence, epoch=1, best_epoch=1, samples_per_second=None, eta_seconds=None)
    with database.read() as s:
        assert histories.history(s, job.id) == []


def test_an_expired_lease_may_be_renewed_while_its_token_is_current(database: Database) -> None:
    _, fence = running_job(database)
    expire(database, fence)
    with database.write() as s:
        leases.renew(s, fence, 30)
    assert take_back(database, fence) is None


def test_a_job_that_is_given_back_waits_again_without_an_attempt(database: Database) -> None:
    job, fence = running_job(database)
    with database.write() as s:
        leases.give_back(s, fence)
    row = read_job(database, job.id)
    assert (row.status, row.attempts, row.published_at) == ("queued", 0, None)


def test_three_fruitless_attempts_end_in_worker_lost(database: Database) -> None:
    job, fence = running_job(database)
    for attempt in (1, 2, 3):
        expire(database, fence)
        status = take_back(database, fence, max_attempts=3)
        assert read_job(database, job.id).attempts == attempt
        if attempt < 3:
            assert status == "queued"
            with database.write() as s:
                claimed = leases.claim(s, job.id, worker="w", lease_seconds=30)
            assert claimed is not None
            fence = Fence(job.id, claimed.token)
    row = read_job(database, job.id)
    assert row.status == "failed"
    assert row.error is not None
    assert row.error["code"] == "worker_lost"
    assert row.finished_at is not None


def test_an_attempt_that_reports_only_what_was_reported_before_counts(database: Database) -> None:
    job, fence = running_job(database)
    for attempts in (0, 1, 2, 3):
        with database.write() as s:  # it is killed before its first checkpoint, and begins anew each time
            leases.record_progress(s, fence, epoch=2, best_epoch=1, samples_per_second=None, eta_seconds=None)
        expire(database, fence)
        assert take_back(database, fence, max_attempts=3) == ("queued" if attempts < 3 else "failed")
        assert read_job(database, job.id).attempts == attempts
        if attempts < 3:
            with database.write() as s:
                claimed = leases.claim(s, job.id, worker="w", lease_seconds=30)
            assert claimed is not None
            fence = Fence(job.id, claimed.token)


@pytest.mark.parametrize("sign", ["report", "checkpoint"])
def test_an_attempt_that_got_anywhere_does_not_count(database: Database, sign: str) -> None:
    job, fence = running_job(database)
    with database.write() as s:
        if sign == "report":
            leases.record_progress(s, fence, epoch=1, best_epoch=1, samples_per_second=9.0, eta_seconds=1.0)
        else:
            checkpoints.name_checkpoint(s, fence, checkpoints.write_blob(s, PROJECT, job.id, b"state"))
    expire(database, fence)
    assert take_back(database, fence, max_attempts=1) == "queued"
    assert read_job(database, job.id).attempts == 0
    with database.write() as s:
        claimed = leases.claim(s, job.id, worker="w", lease_seconds=30)
    assert claimed is not None
    assert not claimed.advanced  # each claim has to show progress of its own


def test_a_lost_job_that_was_to_be_cancelled_ends_cancelled(database: Database) -> None:
    job, fence = running_job(database)
    with database.write() as s:
        request_cancel(s, PROJECT, job.id)
    expire(database, fence)
    assert take_back(database, fence) == "cancelled"
    assert read_job(database, job.id).finished_at is not None


def test_a_lost_job_that_is_to_keep_its_best_network_is_resumed_for_it(database: Database) -> None:
    job, fence = running_job(database)
    with database.write() as s:
        checkpoints.name_checkpoint(s, fence, checkpoints.write_blob(s, PROJECT, job.id, b"state"))
        request_cancel(s, PROJECT, job.id, keep="best")
    expire(database, fence)
    assert take_back(database, fence) == "queued"


def test_a_heartbeat_learns_of_a_cancel(database: Database) -> None:
    job, fence = running_job(database)
    with database.write() as s:
        assert leases.renew(s, fence, 30) == leases.Renewal(cancel_requested=False, cancel_keep=None)
        request_cancel(s, PROJECT, job.id, keep="last")
    with database.read() as s:
        assert leases.cancellation(s, fence) == leases.Renewal(cancel_requested=True, cancel_keep="last")


def test_the_end_of_a_job_drops_its_checkpoint(database: Database) -> None:
    job, fence = running_job(database)
    with database.write() as s:
        checkpoints.name_checkpoint(s, fence, checkpoints.write_blob(s, PROJECT, job.id, b"state"))
    with database.write() as s:
        leases.finish(s, fence, "failed", error={"code": "x", "detail": "y", "hint": None})
    row = read_job(database, job.id)
    assert (row.status, row.checkpoint_id, row.error) == ("failed", None, {"code": "x", "detail": "y", "hint": None})
    with database.read() as s:
        assert s.query(CheckpointBlobRow).count() == 0


def test_a_version_is_published_with_the_jobs_end_or_not_at_all(database: Database) -> None:
    job, fence = running_job(database)
    with database.write() as s:
        leases.give_back(s, fence)
    with pytest.raises(LeaseLost), database.write() as s:
        registry.publish_version(s, PROJECT, "iris", new_version(job.id), task="classification", target="species")
        leases.finish(s, fence, "succeeded")
    with database.read() as s:
        assert registry.find_models(s, PROJECT) == []
