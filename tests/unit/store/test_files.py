"""Dataset files in a folder and in a bucket."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from pyarrow import fs

from store.files import FileStore, owner


@pytest.fixture(params=["folder", "bucket"])
def files(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileStore:
    """A store in a folder, and one on Arrow's in-memory file system, which goes the way of ``s3://``."""
    if request.param == "folder":
        return FileStore(str(tmp_path / "not yet" / "there"))
    place, _ = fs.FileSystem.from_uri("mock:///")
    place.create_dir("bucket/prefix")
    monkeypatch.setattr(fs, "FileSystem", SimpleNamespace(from_uri=lambda _url: (place, "bucket/prefix")))
    return FileStore("s3://bucket/prefix")


def read(files: FileStore, key: str) -> bytes:
    with files.open(key) as file:
        data: bytes = file.read()
    return data


def test_what_is_put_is_read_listed_and_deleted(files: FileStore, tmp_path: Path) -> None:
    assert files.list() == []
    local = tmp_path / "local"
    local.write_bytes(b"table")
    files.put("a.parquet", local)
    assert read(files, "a.parquet") == b"table"
    assert files.size("a.parquet") == 5
    assert [key for key, _ in files.list()] == ["a.parquet"]
    assert local.exists()
    files.delete("a.parquet")
    files.delete("a.parquet")
    assert files.list() == []


def test_a_file_that_is_not_there_is_not_found(files: FileStore) -> None:
    with pytest.raises(FileNotFoundError):
        files.open("a.parquet")
    with pytest.raises(FileNotFoundError):
        files.size("a.parquet")


def test_a_reader_sees_the_old_file_or_the_new_one_never_half(files: FileStore) -> None:
    with files.new("a.parquet") as path:
        path.write_bytes(b"old")
    with files.new("a.parquet") as path:
        path.write_bytes(b"ne")
        assert read(files, "a.parquet") == b"old"
        path.write_bytes(b"new")
    assert read(files, "a.parquet") == b"new"


def test_a_failed_writer_leaves_nothing(files: FileStore) -> None:
    with pytest.raises(RuntimeError), files.new("a.parquet") as path:
        path.write_bytes(b"half")
        raise RuntimeError
    assert files.list() == []


def test_a_file_under_way_is_listed_under_a_name_that_tells_whose_it_is(tmp_path: Path) -> None:
    files = FileStore(tmp_path.as_uri())
    with files.new("ds_1.parquet") as path:
        path.write_bytes(b"half")
        ((name, _),) = files.list()
    assert name != "ds_1.parquet"
    assert owner(name) == owner("ds_1.parquet") == "ds_1.parquet"


def test_a_file_has_reached_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, bool]] = []
    monkeypatch.setattr("store.files._sync", lambda path: seen.append((path.suffix, (tmp_path / "a").exists())))
    with FileStore(str(tmp_path)).new("a") as path:
        path.write_bytes(b"x")
    assert seen == [(".part", False), (tmp_path.suffix, True)]
