"""Waiting, at a process's start, for a database that can be worked with."""

from __future__ import annotations

import logging
import threading
import time

from store import schema
from store.database import Database
from store.errors import SchemaMismatch
from worker.outages import is_outage

logger = logging.getLogger(__name__)

_PAUSE_SECONDS = 1.0


def wait_for_database(database: Database, end: threading.Event) -> float:
    """Wait until the database answers with a schema that this code can use, or `end` is set.

    Returns
    -------
    float
        How long it took, seconds: 0 where nothing had to be waited for.
    """
    started, said, waited = time.monotonic(), "", 0.0
    while True:
        try:
            schema.require(database.engine)
        except SchemaMismatch as error:
            reason = error.detail
        except Exception as error:
            if not is_outage(error):
                raise
            reason = f"The database cannot be reached: {error}"
        else:
            return waited
        if reason != said:
            logger.warning("Waiting: %s", reason)
            said = reason
        if end.wait(_PAUSE_SECONDS):
            return waited
        waited = time.monotonic() - started
