"""A connection pool to SQLite or PostgreSQL that gives read and write transactions.

An engine is never shared across a fork: a process opens its own `Database` after it was forked.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

SAFE_WAL = (3, 51, 3)
BUSY_SECONDS = 30.0


def sqlite_journal_mode(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> str:
    """The journal mode that cannot corrupt on this SQLite library: ``wal`` or ``truncate``.

    Libraries from 3.7.0 to 3.51.2 have a race between a checkpoint and a writer that resets the
    write-ahead log, which can corrupt the database (SQLite's release notes of 3.51.3); the rollback journal
    does not have it, so they use that one, emptied in place at each commit.
    """
    return "wal" if version >= SAFE_WAL else "truncate"


class Database:
    """Read and write transactions on one database URL.

    Parameters
    ----------
    url : str
        ``sqlite:///file`` or ``postgresql://…`` (the psycopg driver is chosen for it).
    pool_size : int
        Most connections kept; as many again may be open for a moment.
    silence_seconds : float
        A PostgreSQL that is silent for so long counts as away.
    """

    def __init__(self, url: str, *, pool_size: int = 5, silence_seconds: float = 60.0) -> None:
        self.url = normalised_url(url)
        self.is_sqlite = self.url.startswith("sqlite")
        if self.is_sqlite:
            self.engine = _sqlite_engine(self.url, pool_size)
        else:
            self.engine = _postgresql_engine(self.url, pool_size, silence_seconds)
        self._writer = self.engine.execution_options(mlp_begin="BEGIN IMMEDIATE")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session on one snapshot; whatever it changed is rolled back."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose transaction is committed at the end, or rolled back on an error.

        On SQLite its first statement takes the write lock, so that it cannot fail halfway for another writer.
        """
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    def dispose(self) -> None:
        """Close the pool's connections."""
        self.engine.dispose()


def normalised_url(url: str) -> str:
    """The URL with PostgreSQL's driver named: psycopg (version 3)."""
    parsed = make_url(url)
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed.render_as_string(hide_password=False)


def connect_seconds(silence_seconds: float) -> int:
    """How long a new connection to a PostgreSQL that may be silent for so long is waited for, whole seconds, 2 to 5."""
    return round(max(2.0, min(5.0, silence_seconds)))


def _postgresql_engine(url: str, pool_size: int, silence_seconds: float) -> Engine:
    from store.patient_postgresql import bound_silence  # its driver is an extra

    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=10,
        pool_pre_ping=True,
        pool_recycle=1800,
        connect_args={
            "connect_timeout": connect_seconds(silence_seconds),
            "tcp_user_timeout": 15_000,  # ms: a connection into nowhere must not hold a heartbeat
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "options": "-c lock_timeout=20s -c statement_timeout=60s -c idle_in_transaction_session_timeout=60s",
        },
    )
    bound_silence(engine, silence_seconds)
    return engine


def _sqlite_engine(url: str, pool_size: int) -> Engine:
    path = make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=pool_size,
        # The driver must not begin or commit by itself: the events below say when and how.
        connect_args={"timeout": BUSY_SECONDS, "isolation_level": None, "check_same_thread": False},
    )
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
    cursor.execute(f"PRAGMA journal_mode = {sqlite_journal_mode()}")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("mlp_begin", "BEGIN"))
