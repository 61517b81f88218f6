"""A database that can be away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from store.database import Database


class FlakyDatabase(Database):
    """The real database, whose transactions fail as a lost connection does while `away`.

    Attributes
    ----------
    away : bool
    mute : bool
        The next transaction that writes is committed, and its answer lost.
    refused : int
        How many transactions it has failed.
    """

    away = False
    mute = False
    refused = 0

    @contextmanager
    def read(self) -> Iterator[Session]:
        self._fail_when_away()
        with super().read() as s:
            yield s

    @contextmanager
    def write(self) -> Iterator[Session]:
        self._fail_when_away()
        with super().write() as s:
            yield s
        if self.mute:
            self.mute = False
            raise OperationalError("COMMIT", {}, Exception("server closed the connection unexpectedly"))

    def _fail_when_away(self) -> None:
        if self.away:
            self.refused += 1
            raise OperationalError("SELECT 1", {}, Exception("connection refused"))
