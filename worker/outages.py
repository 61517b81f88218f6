"""Telling a database that is away from one that says no, and waiting for it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

logger = logging.getLogger(__name__)
T = TypeVar("T")

_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.1, 2.0


def is_outage(error: BaseException) -> bool:
    """Whether the database could not be reached, or did not answer in time."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, (OperationalError, InterfaceError, PoolTimeout))


def through_outages(
    action: Callable[[], T],
    *,
    patience_seconds: float,
    beat: Callable[[], None] = lambda: None,
    give_up: Callable[[], bool] = lambda: False,
) -> T:
    """Call `action` until it is not an outage that ends it.

    Parameters
    ----------
    action : callable
        A whole transaction: it is called again after one whose outcome is not known.
    patience_seconds : float
        After this long the outage's error is raised.
    beat : callable
        Called before each attempt.
    give_up : callable
        True ends the waiting early.
    """
    started, wait = time.monotonic(), _FIRST_WAIT_SECONDS
    while True:
        beat()
        try:
            return action()
        except Exception as error:
            if not is_outage(error) or give_up() or time.monotonic() - started > patience_seconds:
                raise
            logger.warning("The database is away, trying again in %.1f s: %s", wait, error)
        time.sleep(wait)
        wait = min(wait * 2, _LONGEST_WAIT_SECONDS)
