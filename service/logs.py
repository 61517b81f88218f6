"""What the API's log adds: the id of the request that a line is about."""

from __future__ import annotations

import logging

from flask import g, has_request_context

from store import logs
from store.settings import Settings


class RequestContext(logging.Filter):
    """Puts the request's id on each record that is logged while one is answered."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every record."""
        if has_request_context():
            record.request_id = g.get("request_id")
        return True


def configure_logging(settings: Settings) -> None:
    """Log as all processes do, with request ids."""
    logs.configure_logging(settings, context=RequestContext())
