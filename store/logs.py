"""The form of every process's log: plain in a terminal, one JSON object a line elsewhere."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

from store.clock import rfc3339
from store.settings import Settings

# What a record carries beside its message, where somebody put it there.
_EXTRAS = ("request_id", "file")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, process, message, extras, and an error's traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the record as one line."""
        entry: dict[str, Any] = {
            "time": rfc3339(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        entry |= {name: value for name in _EXTRAS if (value := getattr(record, name, None)) is not None}
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)


def configure_logging(
    settings: Settings, *, quiet: tuple[str, ...] = (), context: logging.Filter | None = None
) -> None:
    """Send every logger's records to stderr in the form that the settings ask for.

    Parameters
    ----------
    quiet : tuple of str
        Loggers of which only warnings and worse are kept.
    context : logging.Filter or None
        Puts on each record what it knows of the moment, such as a request's id.
    """
    plain = settings.log_format == "plain" or (settings.log_format == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler()
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s") if plain else JsonFormatter()
    )
    if context is not None:
        handler.addFilter(context)
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    for name in ("alembic", *quiet):
        logging.getLogger(name).setLevel(logging.WARNING)
