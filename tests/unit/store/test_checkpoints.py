"""Checkpoints' bytes, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from store import checkpoints
from store.database import Database
from store.errors import Corrupt, LeaseLost
from store.leases import Fence
from store.tables import CheckpointBlobRow
from tests.support.rows import PROJECT, read_job, running_job


def write(database: Database, job_id: str, data: bytes) -> str:
    with database.write() as s:
        return checkpoints.write_blob(s, PROJECT, job_id, data)


def load(database: Database, job_id: str) -> bytes | None:
    with database.read() as s:
        return checkpoints.load_checkpoint(s, read_job(database, job_id))


def count(database: Database) -> int:
    with database.read() as s:
        return s.query(CheckpointBlobRow).count()


def test_a_blob_is_no_checkpoint_until_it_is_named(database: Database) -> None:
    job, fence = running_job(database)
    blob = write(database, job.id, b"state")
    assert load(database, job.id) is None
    with database.write() as s:
        checkpoints.name_checkpoint(s, fence, blob)
    assert load(database, job.id) == b"state"


def test_a_new_checkpoint_replaces_the_last(database: Database) -> None:
    job, fence = running_job(database)
    for data in (b"one", b"two"):
        blob = write(database, job.id, data)
        with database.write() as s:
            checkpoints.name_checkpoint(s, fence, blob)
    assert load(database, job.id) == b"two"
    assert count(database) == 1


def test_a_stale_worker_cannot_name_its_checkpoint(database: Database) -> None:
    job, fence = running_job(database)
    good = write(database, job.id, b"good")
    with database.write() as s:
        checkpoints.name_checkpoint(s, fence, good)
    late = write(database, job.id, b"late")
    with pytest.raises(LeaseLost), database.write() as s:
        checkpoints.name_checkpoint(s, Fence(job.id, fence.token - 1), late)
    assert load(database, job.id) == b"good"


def test_changed_or_missing_bytes_are_noticed(database: Database) -> None:
    job, fence = running_job(database)
    blob = write(database, job.id, b"state")
    with database.write() as s:
        checkpoints.name_checkpoint(s, fence, blob)
    with database.write() as s:
        s.execute(update(CheckpointBlobRow).values(data=b"stale"))
    with pytest.raises(Corrupt):
        load(database, job.id)
    with database.write() as s:
        s.query(CheckpointBlobRow).delete()
    with pytest.raises(Corrupt):
        load(database, job.id)


def test_the_sweep_takes_old_blobs_that_no_job_names(database: Database) -> None:
    job, fence = running_job(database)
    named = write(database, job.id, b"named")
    with database.write() as s:
        checkpoints.name_checkpoint(s, fence, named)
    write(database, job.id, b"orphan")
    with database.write() as s:
        assert checkpoints.sweep_checkpoints(s, older_than_seconds=60) == 0
    assert count(database) == 2
    with database.write() as s:
        assert checkpoints.sweep_checkpoints(s, older_than_seconds=-60) == 1
    assert load(database, job.id) == b"named"
