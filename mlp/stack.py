"""The embedded stack: which parts it has, what each is told, and how each shows that it is ready."""

from __future__ import annotations

import http.client
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import redis

from mlp import door
from mlp.guardian import Guardian
from mlp.home import with_code_path
from mlp.lock import hold
from mlp.part import Part, ProcessPart, RedisPart
from mlp.redis_server import RedisServer
from mlp.watcher import Watcher
from store import schema
from store.settings import Settings

_LOG_BYTES = 10 << 20


def run(settings: Settings, say: Callable[[str, str], None], on_ready: Callable[[str], None]) -> None:
    """Run the whole service until a signal ends it. Call from the main thread.

    Parameters
    ----------
    settings : Settings
        Port 0 takes a free one. The broker's address is not used: the stack has a Redis of its own.
    say : callable
        Takes the name of a part, and a line about it for a person.
    on_ready : callable
        Takes the service's address, once all parts are ready.

    Raises
    ------
    FolderHeld, DoorShut, RedisServerError, GaveUp
    sqlalchemy.exc.SQLAlchemyError
        The database cannot be brought to this code's schema.
    """
    folder = settings.data_dir.absolute()
    with hold(folder) as lock:
        port = door.find_port(settings.host, settings.port)
        url = door.url_of(settings.host, port)
        lock.tell(url)
        schema.upgrade(settings.resolved_database_url)
        say("database", "ready")
        logs = folder / "logs"
        logs.mkdir(exist_ok=True)
        server = RedisServer(folder / "redis")
        server.start()  # before the others are told its port
        guardian = Guardian()
        environment = _environment(settings, port, server.url)
        watcher = Watcher(_parts(server, environment, logs, guardian, port), guardian, say, lambda: on_ready(url))
        try:
            watcher.run()
        finally:
            server.stop()


def _parts(
    server: RedisServer, environment: Mapping[str, str], logs: Path, guardian: Guardian, port: int
) -> list[Part]:
    """The parts in the order in which they start; they stop in the reverse one."""

    def process(name: str, module: str, is_ready: Callable[[ProcessPart], bool]) -> ProcessPart:
        log = logs / f"{name}.log"
        _turn(log)
        return ProcessPart(name, [sys.executable, "-m", module], environment, log, is_ready, guardian)

    host = environment["MLP_HOST"]
    return [
        RedisPart(server),
        process("reaper", "worker.reaper", lambda part: part.said("The reaper is ready")),
        process("worker", "worker.main", lambda _: worker_listens(server.url)),
        process("api", "service.server", lambda _: api_answers(host, port)),
    ]


def _environment(settings: Settings, port: int, broker_url: str) -> dict[str, str]:
    """What every part is told: the settings in force, and where this code lies."""
    told = {
        "MLP_DATA_DIR": str(settings.data_dir.absolute()),
        "MLP_DATABASE_URL": settings.resolved_database_url,
        "MLP_DATA_URL": settings.resolved_data_url,
        "MLP_BROKER_URL": broker_url,
        "MLP_HOST": settings.host,
        "MLP_PORT": str(port),
        "MLP_LOG_FORMAT": "plain" if settings.log_format == "auto" else settings.log_format,
    }
    return with_code_path({**os.environ, **told})


def worker_listens(broker_url: str) -> bool:
    """Whether somebody waits for messages at the private Redis (BRPOP): that is the worker."""
    try:
        with redis.Redis.from_url(broker_url, socket_timeout=1.0) as client:
            return any(connection.get("cmd") == "brpop" for connection in client.client_list())
    except redis.RedisError:
        return False


def api_answers(host: str, port: int) -> bool:
    """Whether the API says that it can work (``GET /readyz``)."""
    connection = http.client.HTTPConnection({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port, timeout=1.0)  # noqa: S104
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    return False


def _turn(log: Path) -> None:
    """Set aside a log that has become long, so that logs stay bounded over many starts."""
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
