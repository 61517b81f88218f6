"""Connections to PostgreSQL that wait for a silent server only so long.

The server's own limits (``statement_timeout``) do not reach a client that the network cuts off from it, and the
kernel's (``tcp_user_timeout``) do not see a server or a proxy that acknowledges every byte and answers none.
"""

from __future__ import annotations

import time
from typing import Any, TypeVar

from psycopg import Connection, OperationalError
from psycopg.abc import PQGen
from psycopg.waiting import READY_NONE
from sqlalchemy import Engine, event

T = TypeVar("T")


def bound_silence(engine: Engine, seconds: float) -> None:
    """Have every connection of the engine count as lost where the server has been silent for so long in a statement."""

    def connect(_dialect: Any, _record: Any, arguments: list[Any], options: dict[str, Any]) -> Any:
        connection = _PatientConnection.connect(*arguments, **options)
        connection.patience = seconds
        return connection

    event.listen(engine, "do_connect", connect)


class _PatientConnection(Connection[Any]):
    patience: float

    def wait(self, gen: PQGen[T], *arguments: Any, **options: Any) -> T:
        try:
            return super().wait(_until_silent(gen, self.patience), *arguments, **options)
        except _SilentServer:
            self.close()  # its statement may still run: nothing else can be asked of it
            raise


class _SilentServer(OperationalError):
    pass


def _until_silent(gen: PQGen[T], seconds: float) -> PQGen[T]:
    """The same steps, which end in an error when nothing has come or gone for so long."""
    try:
        wanted = next(gen)
        moved_at = time.monotonic()
        while True:
            ready = yield wanted
            now = time.monotonic()
            if ready != READY_NONE:
                moved_at = now
            elif now - moved_at > seconds:
                raise _SilentServer(f"PostgreSQL has been silent for {seconds:g} s")
            wanted = gen.send(ready)
    except StopIteration as end:
        found: T = end.value
        return found
