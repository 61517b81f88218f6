"""What a worker's log leaves out: Celery's word on each message, where the job's own lines say more."""

from __future__ import annotations

import logging

from store import logs
from store.settings import Settings

_QUIET = ("celery.apps.worker", "celery.worker.strategy", "celery.app.trace", "kombu", "multiprocessing")


def configure_logging(settings: Settings) -> None:
    """Log as all processes do, and shorten what Celery says."""
    logs.configure_logging(settings, quiet=_QUIET)
    logging.getLogger("celery.worker.request").addFilter(shorten_lost_process)


def shorten_lost_process(record: logging.LogRecord) -> bool:
    """Make one line of Celery's traceback about a process that died: the job is not lost with it."""
    error = record.exc_info[1] if record.exc_info else None
    if type(error).__name__ in ("WorkerLostError", "ExceptionWithTraceback") and "exited prematurely" in str(error):
        record.msg, record.args, record.exc_info = "A training process ended: its job goes on elsewhere", None, None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True
