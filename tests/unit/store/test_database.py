"""Transactions and clocks, on both databases; SQLite's mode on the library at hand."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import select, text

from store.clock import now, rfc3339
from store.database import Database, normalised_url, sqlite_journal_mode
from store.tables import ProjectRow

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_write_is_committed_at_its_end(database: Database) -> None:
    with database.write() as s:
        s.add(ProjectRow(id="p"))
    with database.read() as s:
        assert s.get(ProjectRow, "p") is not None


def test_an_error_rolls_a_write_back(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as s:
        s.add(ProjectRow(id="p"))
        s.flush()
        raise ZeroDivisionError
    with database.read() as s:
        assert s.get(ProjectRow, "p") is None


def test_a_read_changes_nothing(database: Database) -> None:
    with database.read() as s:
        s.add(ProjectRow(id="p"))
        s.flush()
    with database.read() as s:
        assert s.get(ProjectRow, "p") is None


def test_the_databases_clock_goes_on_inside_a_transaction(database: Database) -> None:
    with database.read() as s:
        first = s.execute(select(now())).scalar_one()
        time.sleep(0.01)  # what is measured is the passing of time itself
        second = s.execute(select(now())).scalar_one()
    assert abs(first - time.time()) < 5
    assert 0.005 < second - first < 5


def test_times_are_written_as_rfc_3339() -> None:
    assert rfc3339(0.25) == "1970-01-01T00:00:00.250Z"
    assert rfc3339(None) is None


def test_a_postgresql_url_gets_its_driver() -> None:
    assert normalised_url("postgresql://u:p@h/d") == "postgresql+psycopg://u:p@h/d"
    assert normalised_url("postgres://u@h/d") == "postgresql+psycopg://u@h/d"
    assert normalised_url("sqlite:///x.db") == "sqlite:///x.db"


def test_the_write_ahead_log_is_used_only_where_it_is_safe() -> None:
    assert sqlite_journal_mode((3, 40, 1)) == "truncate"
    assert sqlite_journal_mode((3, 51, 2)) == "truncate"
    assert sqlite_journal_mode((3, 51, 3)) == "wal"
    assert sqlite_journal_mode((3, 52, 0)) == "wal"


@only_sqlite
def test_sqlite_is_set_up_for_safety(database: Database) -> None:
    with database.read() as s:
        pragmas = {
            name: s.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {
        "journal_mode": sqlite_journal_mode(),
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
    }


@only_sqlite
def test_a_sqlite_writer_holds_the_write_lock_from_its_first_statement(database: Database, database_url: str) -> None:
    impatient = Database(database_url)
    try:
        with database.write() as s, impatient.engine.connect() as connection:
            s.execute(text("SELECT 1"))
            connection.exec_driver_sql("PRAGMA busy_timeout = 0")
            connection.rollback()
            with pytest.raises(Exception, match="locked"):
                connection.execution_options(mlp_begin="BEGIN IMMEDIATE").exec_driver_sql("SELECT 1")
    finally:
        impatient.dispose()
