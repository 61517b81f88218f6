"""The form of the API's log: plain in a terminal, one JSON object a line elsewhere."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

from flask import g, has_request_context

from store.clock import rfc3339
from store.settings import Settings


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, process, request id, message and an error's traceback."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": rfc3339(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        if has_request_context():
            entry["request_id"] = g.get("request_id")
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
