"""Datasets as rows, on both databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from store import datasets, jobs, submission
from store.database import Database
from store.errors import Conflict, NotFound
from store.tables import DatasetRow, ProjectRow
from tests.support.rows import PROJECT

CONFIG = {"task": "classification", "target": "species"}


def uploaded(
    database: Database, name: str = "iris", content: str = "a", project: str = PROJECT
) -> tuple[DatasetRow, bool]:
    """An upload from begin to end, without a file."""
    with database.write() as s:
        row = datasets.begin_upload(s, project, name, lease_seconds=60)
    return completed(database, row.id, content)


def completed(database: Database, row_id: str, content: str = "a") -> tuple[DatasetRow, bool]:
    values: dict[str, Any] = {"rows": 3, "bytes": 10, "columns": [{"name": "x"}], "warnings": [{"code": "w"}]}
    with database.write() as s:
        return datasets.complete_upload(s, row_id, sha256=content * 64, **values)


def resolved(database: Database, ref: str, project: str = PROJECT) -> DatasetRow:
    with database.read() as s:
        return datasets.resolve(s, project, ref)


def deleted(database: Database, ref: str) -> DatasetRow:
    with database.write() as s:
        return datasets.delete(s, PROJECT, ref)


def submit(database: Database, dataset_id: str) -> str:
    with database.write() as s:
        job, _ = submission.submit(s, PROJECT, config=CONFIG, dataset_id=dataset_id, model_name=None)
    return job.id


def test_an_upload_becomes_a_version_with_what_was_found_in_it(database: Database) -> None:
    row, created = uploaded(database)
    assert created
    assert (row.version, row.status, row.rows, row.bytes, row.sha256) == (1, "ready", 3, 10, "a" * 64)
    assert (row.columns, row.warnings, row.lease_expires_at) == ([{"name": "x"}], [{"code": "w"}], None)
    assert row.created_at > 1e9
    assert row.blob_key == f"{row.id}.parquet"


def test_the_same_content_gives_the_existing_version_other_content_the_next(database: Database) -> None:
    first, _ = uploaded(database, content="a")
    again, created = uploaded(database, content="a")
    assert (again.id, created) == (first.id, False)
    second, created = uploaded(database, content="b")
    assert (second.version, created) == (2, True)
    assert uploaded(database, content="a")[0].id == first.id
    assert uploaded(database, name="other", content="a")[0].version == 1
    with database.read() as s:
        assert len(datasets.find(s, PROJECT)) == 3


def test_a_version_number_never_comes_to_mean_another_table(database: Database) -> None:
    uploaded(database, content="a")
    deleted(database, "iris")
    row, created = uploaded(database, content="a")
    assert (row.version, created) == (2, True)


def test_an_unfinished_upload_is_nowhere_to_be_found(database: Database) -> None:
    with database.write() as s:
        row = datasets.begin_upload(s, PROJECT, "iris", lease_seconds=60)
    for ref in ("iris", row.id):
        with pytest.raises(NotFound):
            resolved(database, ref)
    with database.read() as s:
        assert datasets.find(s, PROJECT) == []


def test_an_upload_whose_row_is_gone_cannot_be_completed(database: Database) -> None:
    with database.write() as s:
        row = datasets.begin_upload(s, PROJECT, "iris", lease_seconds=60)
    with database.write() as s:
        assert datasets.abandon_upload(s, row.id)
    with pytest.raises(Conflict) as caught:
        completed(database, row.id)
    assert caught.value.code == "upload_expired"


def test_a_completed_upload_cannot_be_completed_again(database: Database) -> None:
    row, _ = uploaded(database, content="a")
    with pytest.raises(Conflict) as caught:
        completed(database, row.id, content="b")
    assert caught.value.code == "upload_expired"
    assert resolved(database, "iris").sha256 == "a" * 64


def test_a_completed_upload_cannot_be_abandoned(database: Database) -> None:
    row, _ = uploaded(database)
    with database.write() as s:
        assert not datasets.abandon_upload(s, row.id)
    assert resolved(database, "iris").id == row.id


def test_uploads_of_one_name_at_the_same_time_all_get_versions_of_their_own(database: Database) -> None:
    count = 8
    with database.write() as s:
        ids = [datasets.begin_upload(s, PROJECT, "iris", lease_seconds=60).id for _ in range(count)]
    together = threading.Barrier(count)

    def complete(position: int) -> tuple[DatasetRow, bool]:
        together.wait(timeout=20)
        return completed(database, ids[position], content="abcd"[position % 4])

    with ThreadPoolExecutor(count) as pool:
        done = list(pool.map(complete, range(count), timeout=60))
    assert sorted(row.version or 0 for row, created in done if created) == [1, 2, 3, 4]
    assert len({row.id for row, _ in done}) == 4
    assert len({(row.sha256, row.version) for row, _ in done}) == 4


def test_a_dataset_is_found_by_id_by_name_and_by_version(database: Database) -> None:
    first, _ = uploaded(database, content="a")
    second, _ = uploaded(database, content="b")
    assert resolved(database, "iris").id == resolved(database, "iris@2").id == second.id
    assert resolved(database, "iris@1").id == resolved(database, first.id).id == first.id


@pytest.mark.parametrize(
    ("ref", "nearest"),
    [
        ("irsi", "iris"),
        ("iris@3", "iris@1"),
        ("iris@x", "iris@1"),
        ("iris@", "iris@1"),
        ("iris@-1", "iris@1"),
        ("iris@²", "iris@1"),
        ("iris@99999999999999999999", "iris@1"),
        ("zzz", None),
        ("ds_01ARZ3NDEKTSV4RRFFQ69G5FAV", None),
    ],
)
def test_what_is_not_there_is_not_found_with_the_nearest_name(
    database: Database, ref: str, nearest: str | None
) -> None:
    uploaded(database)
    uploaded(database, name="wine")
    with pytest.raises(NotFound) as caught:
        resolved(database, ref)
    assert (caught.value.code, caught.value.nearest) == ("dataset_not_found", nearest)


def test_datasets_belong_to_their_project(database: Database) -> None:
    with database.write() as s:
        s.add(ProjectRow(id="other"))
    row, _ = uploaded(database)
    theirs, created = uploaded(database, project="other")
    assert (created, theirs.version) == (True, 1)
    with pytest.raises(NotFound) as caught:
        resolved(database, row.id, project="other")
    assert caught.value.nearest is None
    assert resolved(database, "iris", project="other").id == theirs.id
    with database.read() as s:
        assert [found.id for found in datasets.find(s, "other")] == [theirs.id]


def test_lists_are_newest_first_and_go_on_from_an_id(database: Database) -> None:
    ids = sorted((uploaded(database, name=name)[0].id for name in ("a", "b", "c")), reverse=True)
    with database.read() as s:
        first = datasets.find(s, PROJECT, limit=2)
        rest = datasets.find(s, PROJECT, limit=2, before_id=first[-1].id)
        named = datasets.find(s, PROJECT, name="b")
    assert [row.id for row in first + rest] == ids
    assert [row.name for row in named] == ["b"]


def test_a_deleted_dataset_keeps_its_row_for_the_lineage_and_is_found_no_more(database: Database) -> None:
    row, _ = uploaded(database)
    gone = deleted(database, "iris")
    assert (gone.id, gone.status, gone.sha256) == (row.id, "deleted", "a" * 64)
    assert gone.deleted_at is not None
    for ref in ("iris", "iris@1", row.id):
        with pytest.raises(NotFound):
            deleted(database, ref)


def test_a_bare_name_of_several_versions_is_not_deleted(database: Database) -> None:
    uploaded(database, content="a")
    uploaded(database, content="b")
    with pytest.raises(Conflict) as caught:
        deleted(database, "iris")
    assert caught.value.code == "several_versions"
    assert "iris@2" in caught.value.detail
    assert deleted(database, "iris@2").version == 2
    assert deleted(database, "iris").version == 1


def test_a_dataset_that_an_unfinished_job_needs_is_not_deleted(database: Database) -> None:
    row, _ = uploaded(database)
    job_id = submit(database, row.id)
    with pytest.raises(Conflict) as caught:
        deleted(database, row.id)
    assert caught.value.code == "dataset_in_use"
    assert job_id in caught.value.detail
    with database.write() as s:
        jobs.request_cancel(s, PROJECT, job_id)
    assert deleted(database, row.id).status == "deleted"


def test_a_deletion_waits_for_a_job_that_is_being_submitted(database: Database) -> None:
    """Without the locks on the dataset's row the job would be queued on a deleted dataset."""
    row, _ = uploaded(database)
    submitting, may_commit = threading.Event(), threading.Event()

    def submit_slowly() -> None:
        with database.write() as s:
            submission.submit(s, PROJECT, config=CONFIG, dataset_id=row.id, model_name=None)
            submitting.set()
            assert may_commit.wait(20)

    def delete_meanwhile() -> str:
        assert submitting.wait(20)
        threading.Timer(0.3, may_commit.set).start()
        try:
            deleted(database, row.id)
        except Conflict as conflict:
            return conflict.code
        return "deleted"

    with ThreadPoolExecutor(2) as pool:
        job, deletion = pool.submit(submit_slowly), pool.submit(delete_meanwhile)
        assert deletion.result(60) == "dataset_in_use"
        job.result(60)


def test_a_job_that_is_submitted_while_its_dataset_is_deleted_is_refused(database: Database) -> None:
    row, _ = uploaded(database)
    deleting, may_commit = threading.Event(), threading.Event()

    def delete_slowly() -> None:
        with database.write() as s:
            datasets.delete(s, PROJECT, row.id)
            deleting.set()
            assert may_commit.wait(20)

    def submit_meanwhile() -> str:
        assert deleting.wait(20)
        threading.Timer(0.3, may_commit.set).start()
        try:
            submit(database, row.id)
        except NotFound as error:
            return error.code
        return "submitted"

    with ThreadPoolExecutor(2) as pool:
        deletion, job = pool.submit(delete_slowly), pool.submit(submit_meanwhile)
        assert job.result(60) == "dataset_not_found"
        deletion.result(60)
