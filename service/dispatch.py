"""Telling the workers that a job waits: the one place where the service names them."""

from __future__ import annotations

import importlib.util
import logging
from urllib.parse import urlsplit

import redis
from sqlalchemy.exc import SQLAlchemyError

from store import messages
from store.database import Database
from store.settings import Settings
from worker.app import make_app
from worker.publisher import publish

logger = logging.getLogger(__name__)

_PING_SECONDS = 1.0


def can_search() -> bool:
    """Whether the library that searches need is installed: here, as with the workers."""
    return importlib.util.find_spec("optuna") is not None


class Dispatcher:
    """Sends messages about committed jobs, and says whether the broker is there."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._app = make_app(settings)
        self._database = database
        self._broker_url = settings.broker_url

    def dispatch(self, job_id: str) -> bool:
        """Publish a job whose row is committed; False, after about a second at most, when the broker is away.

        The row is the truth: a message that was not sent is sent by the reaper, which therefore must not be
        told that it was; where the database is away by now it sends one a lease later.
        """
        if publish(self._app, job_id):
            return True
        logger.warning("No message was sent for %s; the reaper will send one.", job_id)
        try:
            with self._database.write() as s:
                messages.unmark_published(s, job_id)
        except SQLAlchemyError:  # the job is accepted all the same
            logger.warning("The reaper will send the message of %s in a lease.", job_id, exc_info=True)
        return False

    def broker_answers(self) -> bool:
        """Whether the broker can be reached, within a second."""
        if not urlsplit(self._broker_url).scheme.startswith("redis"):
            with self._app.connection_for_write(connect_timeout=_PING_SECONDS) as connection:
                return bool(connection.connected or connection.connect())
        client = redis.Redis.from_url(
            self._broker_url, socket_connect_timeout=_PING_SECONDS, socket_timeout=_PING_SECONDS
        )
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()
