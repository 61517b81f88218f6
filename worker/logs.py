"""The form of a worker's log: plain in a terminal, one JSON object a line elsewhere."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

from store.clock import rfc3339
from store.settings import Settings


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, process, message and, for an error, its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": rfc3339(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


def configure_logging(settings: Settings) -> None:
    """Send every logger's records to stderr in the form that the settings ask for."""
    plain = settings.log_format == "plain" or (settings.log_format == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler()
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s") if plain else JsonFormatter()
    )
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    # Celery speaks of each message that it takes, Alembic of each step; the job's own lines say more.
    for name in (
        "alembic",
        "celery.apps.worker",
        "celery.worker.strategy",
        "celery.app.trace",
        "kombu",
        "multiprocessing",
    ):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("celery.worker.request").addFilter(shorten_lost_process)


def shorten_lost_process(record: logging.LogRecord) -> bool:
    """Make one line of Celery's traceback about a process that died: the job is not lost with it."""
    error = record.exc_info[1] if record.exc_info else None
    if type(error).__name__ in ("WorkerLostError", "ExceptionWithTraceback") and "exited prematurely" in str(error):
        record.msg, record.args, record.exc_info = "A training process ended: its job goes on elsewhere", None, None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True
