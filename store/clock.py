"""The database's own clock, so that leases never compare two machines' times.

Every ``*_at`` column holds seconds since 1970-01-01 UTC as a double: one type, one arithmetic, on both
databases. PostgreSQL gives `clock_timestamp()` (the wall time, not the transaction's start); SQLite
`julianday('now')`, which resolves milliseconds where CURRENT_TIMESTAMP has whole seconds.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Double
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class now(FunctionElement[float]):  # noqa: N801  (named like a SQL function)
    """Seconds since the epoch by the database's clock, read when the row is written."""

    type = Double()
    inherit_cache = True
    name = "mlp_now"


@compiles(now, "sqlite")
def _now_sqlite(_element: Any, _compiler: Any, **_kw: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(now, "postgresql")
def _now_postgresql(_element: Any, _compiler: Any, **_kw: Any) -> str:
    return "(extract(epoch from clock_timestamp())::double precision)"


def rfc3339(seconds: float | None) -> str | None:
    """Seconds since the epoch as an RFC 3339 UTC time with milliseconds; None stays None."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
