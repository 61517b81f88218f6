"""The process that serves the API: checks what it stands on, then runs granian.

Exit codes: 0 stopped, 2 refused its settings, 3 the database's schema is too old, 4 the database did not answer.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.mp import MPServer
from sqlalchemy.exc import SQLAlchemyError

from service import stopping
from service.logs import configure_logging
from store import schema
from store.database import Database
from store.errors import SchemaMismatch
from store.settings import Settings

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 60.0
STOP_SECONDS = 5  # for requests under way; event streams, which clients resume, are cut off then
MOST_CONNECTIONS = 1024  # of each process
REFUSED, TOO_OLD, NO_DATABASE = 2, 3, 4
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # which the client reads when it is imported, after the fork


def main() -> int:
    """Serve until SIGTERM or SIGINT."""
    settings = Settings()
    configure_logging(settings)
    reason = refusal(settings)
    if reason is not None:
        logger.error("%s", reason)
        return REFUSED
    code = wait_for_database(settings)
    if code:
        return code
    # One prediction is small: threads of BLAS would cost more than they give. NumPy, which the serving processes
    # import after they were forked, reads it then.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    if settings.api_processes > 1:
        os.environ[FOLDER_VARIABLE] = str(empty_metrics_folder(settings))
    logger.info("Listening on http://%s:%d", settings.host, settings.port)
    stopping.share()
    server(settings).serve()
    return 0


def refusal(settings: Settings) -> str | None:
    """Why these settings must not be served; None when they may."""
    if settings.allow_remote or _is_loopback(settings.host):
        return None
    return (
        f"MLP_HOST={settings.host} can be reached from other machines, and there are no keys yet: anybody there could "
        "do anything here. Set MLP_ALLOW_REMOTE=true if that is wanted (and MLP_ALLOWED_HOSTS to the names in use)."
    )


def wait_for_database(settings: Settings, *, patience: float = PATIENCE_SECONDS) -> int:
    """Wait until the database answers; 0, or the exit code where it does not or is too old."""
    database = Database(settings.resolved_database_url, pool_size=1, silence_seconds=settings.database_seconds)
    deadline, pause = time.monotonic() + patience, 0.2
    try:
        while True:
            try:
                schema.require(database.engine)
            except SchemaMismatch as error:
                logger.error("%s", error.detail)
                return TOO_OLD
            except SQLAlchemyError as error:
                if time.monotonic() + pause > deadline:
                    logger.error("The database did not answer within %.0f s: %s", patience, error)
                    return NO_DATABASE
                logger.warning("Waiting for the database: %s", error)
            else:
                return 0
            time.sleep(pause)
            pause = min(2 * pause, 5.0)
    finally:
        database.dispose()


def empty_metrics_folder(settings: Settings) -> Path:
    """The folder in which several processes keep their counts together, without those of an earlier start."""
    folder = settings.data_dir.absolute() / "metrics"
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.db"):
        file.unlink()
    return folder


class Server(MPServer):
    """Granian, which says to its event streams that it stops before it waits for them."""

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        """Begin to stop."""
        stopping.announce()
        super().signal_handler_interrupt(*args, **kwargs)  # type: ignore[no-untyped-call]


def server(settings: Settings) -> Server:
    """Granian with threads, queue and limits that fit together."""
    return Server(
        "service.wsgi:app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=settings.api_processes,
        blocking_threads=settings.api_threads,
        # Granian counts connections, idle ones too: with no more of them than threads, a browser's kept-alive ones
        # would shut everybody else out. Requests beyond the threads wait inside for one.
        backpressure=MOST_CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=15_000, max_buffer_size=64 << 10),
        workers_kill_timeout=STOP_SECONDS,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        log_dictconfig=_LOGS,
    )


# Granian's own lines go the way of all others.
_LOGS = {
    "formatters": {},
    "handlers": {},
    "loggers": {
        "_granian": {"level": "WARNING", "handlers": [], "propagate": True},
        "granian.access": {"level": "WARNING", "handlers": [], "propagate": True},
    },
}


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


if __name__ == "__main__":
    sys.exit(main())
