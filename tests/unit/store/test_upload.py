"""The life of an upload, whole, on both databases: after a failure nothing is left."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from store import datasets, parquet
from store.database import Database
from store.errors import Conflict
from store.files import FileStore
from store.ingest import IngestedTable, read_csv
from store.settings import Settings
from store.sweep import sweep_datasets
from store.tables import DatasetRow
from store.upload import store_dataset
from tests.support.rows import PROJECT

TABLE = b"width,colour\n1.5,red\n2.5,\n"


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return FileStore(str(tmp_path / "datasets"))


@pytest.fixture
def plain_settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


def table(data: bytes = TABLE) -> IngestedTable:
    return read_csv(data)


def nothing_is_left(database: Database, files: FileStore) -> bool:
    with database.read() as s:
        return s.scalar(select(func.count()).select_from(DatasetRow)) == 0 and files.list() == []


def test_a_stored_table_can_be_read_by_its_row(database: Database, files: FileStore, plain_settings: Settings) -> None:
    row, created = store_dataset(database, files, PROJECT, "t", table(), plain_settings)
    assert (created, row.version, row.rows, row.sha256) == (True, 1, 2, table().sha256)
    assert (row.columns, row.warnings) == (table().columns, [])
    assert row.bytes == files.size(row.blob_key)
    with files.open(row.blob_key) as file:
        assert parquet.rows(file, 0, 9) == [{"width": 1.5, "colour": "red"}, {"width": 2.5, "colour": None}]


def test_the_same_table_again_leaves_one_row_and_one_file(
    database: Database, files: FileStore, plain_settings: Settings
) -> None:
    first, _ = store_dataset(database, files, PROJECT, "t", table(), plain_settings)
    again, created = store_dataset(database, files, PROJECT, "t", table(), plain_settings)
    assert (again.id, created) == (first.id, False)
    assert [key for key, _ in files.list()] == [first.blob_key]


def test_a_file_that_cannot_be_written_leaves_nothing(
    database: Database, files: FileStore, plain_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_table: Any, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(parquet, "write", full)
    with pytest.raises(OSError, match="space"):
        store_dataset(database, files, PROJECT, "t", table(), plain_settings)
    assert nothing_is_left(database, files)


def test_a_row_that_cannot_be_completed_leaves_nothing(
    database: Database, files: FileStore, plain_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_values: object) -> None:
        raise OperationalError("UPDATE", {}, Exception("gone"))

    monkeypatch.setattr(datasets, "complete_upload", fail)
    with pytest.raises(OperationalError):
        store_dataset(database, files, PROJECT, "t", table(), plain_settings)
    assert nothing_is_left(database, files)


def test_an_upload_that_the_sweep_took_for_given_up_leaves_nothing(
    database: Database, files: FileStore, plain_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = parquet.write

    def slowly(arrow: Any, path: Path) -> None:
        write(arrow, path)
        sweep_datasets(database, files, orphan_seconds=0)

    monkeypatch.setattr(parquet, "write", slowly)
    hasty = plain_settings.model_copy(update={"upload_lease_seconds": -1.0})
    with pytest.raises((Conflict, FileNotFoundError)):
        store_dataset(database, files, PROJECT, "t", table(), hasty)
    assert nothing_is_left(database, files)


def test_a_commit_whose_answer_was_lost_keeps_its_file(
    database: Database, files: FileStore, plain_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller is told of a failure, and the dataset that is there after all can be read."""
    write, commits = database.write, iter([False, True, False])

    @contextmanager
    def losing() -> Any:
        with write() as s:
            yield s
        if next(commits):
            raise OperationalError("COMMIT", {}, Exception("connection lost"))

    monkeypatch.setattr(database, "write", losing)
    with pytest.raises(OperationalError):
        store_dataset(database, files, PROJECT, "t", table(), plain_settings)
    with database.read() as s:
        row = datasets.resolve(s, PROJECT, "t")
    with files.open(row.blob_key) as file:
        assert len(parquet.rows(file, 0, 9)) == 2


def test_what_cannot_be_undone_does_not_hide_the_first_error_and_is_swept(
    database: Database, files: FileStore, plain_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_values: object) -> None:
        raise OperationalError("any", {}, Exception("database gone"))

    with monkeypatch.context() as patch:
        patch.setattr(datasets, "complete_upload", fail)
        patch.setattr(datasets, "abandon_upload", fail)
        with pytest.raises(OperationalError, match="database gone"):
            store_dataset(database, files, PROJECT, "t", table(), plain_settings)
    assert not nothing_is_left(database, files)
    sweep_datasets(database, files, orphan_seconds=-plain_settings.upload_lease_seconds - 1)
    assert nothing_is_left(database, files)


def test_a_file_that_cannot_be_removed_does_not_fail_the_upload(
    database: Database, files: FileStore, plain_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = store_dataset(database, files, PROJECT, "t", table(), plain_settings)

    def fail(_key: str) -> None:
        raise OSError("storage away")

    monkeypatch.setattr(files, "delete", fail)
    again, created = store_dataset(database, files, PROJECT, "t", table(), plain_settings)
    assert (again.id, created) == (first.id, False)
