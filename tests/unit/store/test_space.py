"""A full disk is told from other errors, whoever meets it."""

from __future__ import annotations

import errno
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from store.database import Database
from store.files import FileStore
from store.space import is_full

_LIMIT = 64 << 10


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """No file of this process may grow beyond so many bytes: writes fail as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_file_without_room_is_full(number: int) -> None:
    assert is_full(OSError(number, "no room"))


def test_postgresql_says_so_by_its_state() -> None:
    assert is_full(OperationalError("INSERT", {}, psycopg.errors.DiskFull()))
    assert not is_full(OperationalError("INSERT", {}, psycopg.errors.AdminShutdown()))


@pytest.mark.parametrize(
    "error", [OSError(errno.EACCES, "no"), OSError(), ValueError(), IntegrityError("", {}, Exception())]
)
def test_other_errors_are_not(error: Exception) -> None:
    assert not is_full(error)


def test_a_sqlite_file_without_room_is_full_and_works_again_when_there_is(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'small.db'}", pool_size=1)
    most = [8]

    @event.listens_for(database.engine, "begin")
    def _limit(connection: object) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {most[0]}")  # type: ignore[attr-defined]

    with database.write() as s:
        s.execute(text("CREATE TABLE t (x BLOB)"))
    with pytest.raises(DBAPIError) as full, database.write() as s:
        s.execute(text("INSERT INTO t VALUES (zeroblob(100000))"))
    assert is_full(full.value)
    most[0] = 1000
    with database.write() as s:
        s.execute(text("INSERT INTO t VALUES (zeroblob(100000))"))
        assert s.scalar(text("SELECT count(*) FROM t")) == 1
    database.dispose()


def test_a_file_that_found_no_room_leaves_nothing(tmp_path: Path) -> None:
    files = FileStore(str(tmp_path / "datasets"))
    source = tmp_path / "source"
    source.write_bytes(bytes(4 * _LIMIT))
    with files_of_at_most(_LIMIT), pytest.raises(OSError) as full:
        files.put("key", source)
    assert is_full(full.value)
    assert files.list() == []
    files.put("key", source)
    assert files.size("key") == 4 * _LIMIT
