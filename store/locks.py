"""A lock on a name for the length of one write transaction.

PostgreSQL takes an advisory lock; SQLite needs none, since its write transactions exclude each other.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def lock_name(s: Session, project: str, kind: str, name: str) -> None:
    """Wait until no other write transaction holds the name, then hold it until this one ends.

    Parameters
    ----------
    kind : str
        What is named: ``dataset``, ``model``, ``idempotency`` or ``queue``.
    """
    if s.get_bind().dialect.name != "postgresql":
        return
    digest = hashlib.sha256("\x00".join((project, kind, name)).encode()).digest()
    s.execute(select(func.pg_advisory_xact_lock(int.from_bytes(digest[:8], "big", signed=True))))
