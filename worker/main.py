"""Starts the Celery worker: ``python -m worker.main``."""

from __future__ import annotations

import os
import threading
import warnings

from store.settings import Settings
from worker.logs import configure_logging


def main() -> None:
    """Run the worker until SIGTERM."""
    settings = Settings()
    configure_logging(settings)
    _bound_blas_threads()
    # NumPy reads those variables when it is first imported: not before this line.
    from worker.app import make_app
    from worker.tasks import register

    _wait_for_database(settings)
    app = make_app(settings)
    register(app, settings)
    # Messages are JSON, never code: a superuser (a container's usual user) risks nothing more by running this.
    from celery.platforms import SecurityWarning

    warnings.filterwarnings("ignore", category=SecurityWarning)
    app.worker_main(
        [
            "--quiet",
            "worker",
            "--pool=prefork",
            f"--concurrency={settings.resolved_worker_processes}",
            f"--hostname=mlp-{os.getpid()}@%h",
            f"--loglevel={settings.log_level}",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ]
    )


def _bound_blas_threads() -> None:
    """One: the threads of a training are its own, and BLAS beside them must have none."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"


def _wait_for_database(settings: Settings) -> None:
    """Wait for the schema with connections that are closed again before anything forks."""
    from store.database import Database
    from worker.readiness import wait_for_database

    database = Database(settings.resolved_database_url, pool_size=1, silence_seconds=settings.database_seconds)
    try:
        wait_for_database(database, threading.Event())
    finally:
        database.dispose()


if __name__ == "__main__":
    main()
