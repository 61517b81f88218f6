"""Jobs as people ask for them, on both databases."""

from __future__ import annotations

import pytest

from store import checkpoints, histories, jobs, leases, registry
from store.database import Database
from store.errors import Conflict, NotFound
from store.idempotency import IdempotencyKey
from store.submission import submit
from store.tables import EpochReportRow, IdempotencyRow
from tests.support.rows import PROJECT, add_dataset, new_version, queued_job, read_job, report, running_job

CONFIG = {"task": "classification", "target": "species"}


def test_a_job_records_the_dataset_it_was_asked_for(database: Database) -> None:
    with database.write() as s:
        dataset = add_dataset(s, name="wine", version=2)
        job, created = submit(s, PROJECT, config=CONFIG, dataset_id=dataset.id, model_name="wine", epochs=7)
    assert created
    assert (job.dataset_id, job.dataset_name, job.dataset_version) == (dataset.id, "wine", 2)
    assert (job.status, job.epochs, job.attempts, job.token) == ("queued", 7, 0, 0)
    assert job.published_at is not None


def test_a_job_on_a_deleted_dataset_is_refused(database: Database) -> None:
    with database.write() as s:
        dataset = add_dataset(s)
        dataset.status = "deleted"
        s.flush()
        with pytest.raises(NotFound) as caught:
            submit(s, PROJECT, config=CONFIG, dataset_id=dataset.id, model_name="iris")
    assert caught.value.code == "dataset_not_found"


def test_another_target_under_an_unfinished_jobs_model_name_is_refused(database: Database) -> None:
    queued_job(database)
    with pytest.raises(Conflict) as caught:
        queued_job(database, config={"task": "regression", "target": "sepal_length"})
    assert caught.value.code == "model_target_mismatch"
    queued_job(database, config={"task": "regression", "target": "sepal_length"}, model_name="other")
    with pytest.raises(Conflict):  # its predictions would have another shape
        queued_job(database, config={"task": "classification", "target": ["species"]})


def test_another_target_under_an_existing_models_name_is_refused(database: Database) -> None:
    job, fence = running_job(database)
    with database.write() as s:
        leases.finish(s, fence, "succeeded")
        registry.publish_version(s, PROJECT, "iris", new_version(job.id), task="classification", target="species")
    with pytest.raises(Conflict):
        queued_job(database, config={"task": "classification", "target": "genus"})
    queued_job(database)


def test_a_failed_job_leaves_its_model_name_free(database: Database) -> None:
    _, fence = running_job(database)
    with database.write() as s:
        leases.finish(s, fence, "failed", error={"code": "x", "detail": "", "hint": None})
    queued_job(database, config={"task": "regression", "target": "sepal_length"})


def test_a_repeated_idempotency_key_gives_the_same_job_once(database: Database) -> None:
    key = IdempotencyKey("POST /train", "k1", "a" * 64)
    first = queued_job(database, idempotency=key)
    again = queued_job(database, idempotency=key)
    other = queued_job(database, idempotency=IdempotencyKey("POST /train", "k2", "a" * 64))
    assert again.id == first.id != other.id
    with pytest.raises(Conflict) as caught:
        queued_job(database, idempotency=IdempotencyKey("POST /train", "k1", "b" * 64))
    assert caught.value.code == "idempotency_key_reused"


def test_jobs_are_listed_newest_first_and_filtered(database: Database) -> None:
    ids = [queued_job(database, model_name=name).id for name in ("a", "b", "a")]
    with database.write() as s:
        jobs.request_cancel(s, PROJECT, ids[0])
    with database.read() as s:
        everything = [job.id for job in jobs.find_jobs(s, PROJECT)]
        assert everything == sorted(ids, reverse=True)
        assert [job.id for job in jobs.find_jobs(s, PROJECT, limit=1)] == everything[:1]
        assert [job.id for job in jobs.find_jobs(s, PROJECT, before_id=everything[0])] == everything[1:]
        assert {job.id for job in jobs.find_jobs(s, PROJECT, model="a")} == {ids[0], ids[2]}
        assert [job.id for job in jobs.find_jobs(s, PROJECT, status="cancelled")] == [ids[0]]
        assert jobs.find_jobs(s, PROJECT, kind="search") == []
        assert jobs.find_jobs(s, "other") == []


def test_a_queued_job_is_cancelled_at_once_and_cannot_be_claimed(database: Database) -> None:
    job = queued_job(database)
    with database.write() as s:
        assert jobs.request_cancel(s, PROJECT, job.id).status == "cancelled"
        assert leases.claim(s, job.id, worker="w", lease_seconds=30) is None


def test_a_running_job_is_asked_to_stop(database: Database) -> None:
    job, _ = running_job(database)
    with database.write() as s:
        asked = jobs.request_cancel(s, PROJECT, job.id, keep="best")
    assert (asked.status, asked.cancel_requested, asked.cancel_keep) == ("running", True, "best")


def test_a_job_that_waits_to_be_resumed_is_resumed_to_keep_its_network(database: Database) -> None:
    job, fence = running_job(database)
    with database.write() as s:
        checkpoints.name_checkpoint(s, fence, checkpoints.write_blob(s, PROJECT, job.id, b"state"))
        leases.give_back(s, fence)
    with database.write() as s:
        assert jobs.request_cancel(s, PROJECT, job.id, keep="best").status == "queued"
        assert jobs.request_cancel(s, PROJECT, job.id, keep=None).status == "cancelled"


def test_an_ended_job_cannot_be_cancelled(database: Database) -> None:
    job, fence = running_job(database)
    with database.write() as s:
        leases.finish(s, fence, "succeeded")
    with pytest.raises(Conflict) as caught, database.write() as s:
        jobs.request_cancel(s, PROJECT, job.id)
    assert caught.value.code == "job_ended"


def test_an_ended_job_is_retried_as_a_new_one(database: Database) -> None:
    job, fence = running_job(database)
    with pytest.raises(Conflict) as caught, database.write() as s:
        jobs.retry_job(s, PROJECT, job.id)
    assert caught.value.code == "job_not_ended"
    with database.write() as s:
        leases.finish(s, fence, "failed", error={"code": "x", "detail": "", "hint": None})
    with database.write() as s:
        again = jobs.retry_job(s, PROJECT, job.id)
    assert again.retry_of == job.id
    assert again.id != job.id
    assert (again.config, again.dataset_id, again.epochs, again.status) == (job.config, job.dataset_id, 5, "queued")


def test_only_an_ended_job_can_be_deleted_and_takes_its_history_along(database: Database) -> None:
    job, fence = running_job(database, idempotency=IdempotencyKey("POST /train", "k", "a" * 64))
    with pytest.raises(Conflict) as caught, database.write() as s:
        jobs.delete_job(s, PROJECT, job.id)
    assert caught.value.code == "job_not_ended"
    with database.write() as s:
        leases.record_progress(s, fence, epoch=1, best_epoch=1, samples_per_second=None, eta_seconds=None)
        histories.append_reports(s, PROJECT, job.id, [report(1)])
    with database.write() as s:
        leases.finish(s, fence, "succeeded")
    with database.write() as s:
        jobs.delete_job(s, PROJECT, job.id)
    with database.read() as s:
        assert s.query(EpochReportRow).count() == 0
        assert s.query(IdempotencyRow).count() == 0
        with pytest.raises(NotFound):
            jobs.get_job(s, PROJECT, job.id)


@pytest.mark.parametrize("verb", [jobs.get_job, jobs.request_cancel, jobs.retry_job, jobs.delete_job])
def test_another_projects_job_is_as_good_as_unknown(database: Database, verb: object) -> None:
    job = queued_job(database)
    with pytest.raises(NotFound) as caught, database.write() as s:
        verb(s, "other", job.id)  # type: ignore[operator]
    assert caught.value.code == "job_not_found"
    assert read_job(database, job.id).status == "queued"
