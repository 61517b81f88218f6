"""Telling that a disk is full: our own files', SQLite's or PostgreSQL's."""

from __future__ import annotations

import errno
import sqlite3

from sqlalchemy.exc import DBAPIError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_POSTGRESQL_DISK_FULL = "53100"


def is_full(error: BaseException) -> bool:
    """Whether the error says that there was no room to write to."""
    if isinstance(error, DBAPIError):
        cause = error.orig
        if isinstance(cause, sqlite3.Error):
            # Extended codes keep the plain one in their lowest byte.
            return getattr(cause, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
        return getattr(cause, "sqlstate", None) == _POSTGRESQL_DISK_FULL
    return isinstance(error, OSError) and error.errno in FULL
