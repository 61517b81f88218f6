"""What the sweep of datasets takes and what it leaves, on both databases."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from store import datasets
from store.database import Database
from store.files import FileStore
from store.sweep import sweep_datasets
from store.tables import DatasetRow
from tests.support.rows import PROJECT

HOUR = 3600.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "datasets"


@pytest.fixture
def files(folder: Path) -> FileStore:
    return FileStore(str(folder))


def uploading(database: Database, *, lease_seconds: float) -> DatasetRow:
    with database.write() as s:
        return datasets.begin_upload(s, PROJECT, "t", lease_seconds=lease_seconds)


def ready(database: Database) -> DatasetRow:
    row = uploading(database, lease_seconds=60)
    with database.write() as s:
        return datasets.complete_upload(
            s, row.id, rows=1, bytes=1, sha256=row.id.ljust(64, "0"), columns=[], warnings=[]
        )[0]


def written(folder: Path, name: str, *, age: float) -> str:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"x")
    os.utime(folder / name, (time.time() - age, time.time() - age))
    return name


def left(files: FileStore) -> set[str]:
    return {name for name, _ in files.list()}


def row_ids(database: Database) -> set[str]:
    with database.read() as s:
        return set(s.scalars(select(DatasetRow.id)))


def test_a_file_without_a_row_goes_after_an_hour(database: Database, folder: Path, files: FileStore) -> None:
    written(folder, "old.parquet", age=HOUR + 60)
    young = written(folder, "young.parquet", age=HOUR - 60)
    assert sweep_datasets(database, files, orphan_seconds=HOUR) == 1
    assert left(files) == {young}


def test_a_ready_datasets_file_stays_however_old(database: Database, folder: Path, files: FileStore) -> None:
    key = written(folder, ready(database).blob_key, age=1000 * HOUR)
    assert sweep_datasets(database, files, orphan_seconds=HOUR) == 0
    assert left(files) == {key}


def test_a_deleted_datasets_file_goes_and_its_row_stays(database: Database, folder: Path, files: FileStore) -> None:
    row = ready(database)
    written(folder, row.blob_key, age=2 * HOUR)
    with database.write() as s:
        datasets.delete(s, PROJECT, row.id)
    assert sweep_datasets(database, files, orphan_seconds=HOUR) == 1
    assert left(files) == set()
    assert row_ids(database) == {row.id}


def test_an_upload_is_left_alone_until_an_hour_after_its_lease(
    database: Database, folder: Path, files: FileStore
) -> None:
    given_up = uploading(database, lease_seconds=-HOUR - 60)
    late = uploading(database, lease_seconds=-HOUR + 60)
    under_way = uploading(database, lease_seconds=60)
    for row in (given_up, late, under_way):
        written(folder, row.blob_key, age=5 * HOUR)
        written(folder, f"{row.blob_key}.0a1b.part", age=5 * HOUR)
    assert sweep_datasets(database, files, orphan_seconds=HOUR) == 2
    assert row_ids(database) == {late.id, under_way.id}
    assert left(files) == {name for row in (late, under_way) for name in (row.blob_key, f"{row.blob_key}.0a1b.part")}


def test_an_upload_that_begins_during_the_sweep_keeps_its_file(
    database: Database, folder: Path, files: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files are listed before rows are read: the other way round this file would have no row to protect it."""
    listing = files.list

    def list_after_an_upload_began() -> list[tuple[str, float]]:
        written(folder, uploading(database, lease_seconds=60).blob_key, age=5 * HOUR)
        return listing()

    monkeypatch.setattr(files, "list", list_after_an_upload_began)
    assert sweep_datasets(database, files, orphan_seconds=HOUR) == 0
    assert len(listing()) == 1


def test_a_sweep_of_nothing_does_nothing(database: Database, files: FileStore) -> None:
    assert sweep_datasets(database, files, orphan_seconds=HOUR) == 0
