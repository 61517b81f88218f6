"""Sending the message that says "look at this job"."""

from __future__ import annotations

import logging
import time
from enum import Enum
from typing import TYPE_CHECKING

from kombu.exceptions import ChannelError, OperationalError

from store import messages
from worker.app import INTERACTIVE, QUEUE, TASK, TRIAL

if TYPE_CHECKING:
    from celery import Celery

    from store.database import Database

logger = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 0.3  # of each step: connect, greet, send
_OPTIONS = {
    "socket_connect_timeout": _TIMEOUT_SECONDS,
    "socket_timeout": _TIMEOUT_SECONDS,
    "retry_on_timeout": False,
    "health_check_interval": 0,
    # Kombu reads 0 retries as "for ever".
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
    "connect_retries_timeout": _TIMEOUT_SECONDS,
}


def publish(app: Celery, job_id: str, priority: int = INTERACTIVE) -> bool:
    """Send the job's message; False when the broker did not take it within about a second.

    A worker that is free takes a message of the lowest `priority` that there is, the oldest one of these.

    Each message has a connection of its own: a pooled one may date from before the broker's restart, or from
    before a fork.
    """
    started = time.monotonic()
    try:
        with app.connection_for_write(connect_timeout=_TIMEOUT_SECONDS, transport_options=dict(_OPTIONS)) as connection:
            app.send_task(
                TASK,
                args=(job_id,),
                queue=QUEUE,
                priority=priority,
                connection=connection,
                retry=False,
                ignore_result=True,
            )
    except (OperationalError, OSError) as error:
        logger.warning(
            "No message sent for job %s after %.2f s: %s", job_id, time.monotonic() - started, error or type(error)
        )
        return False
    return True


def messages_waiting(app: Celery) -> int | None:
    """How many messages, of all priorities, nobody has taken yet; None when the broker does not say within a second."""
    try:
        with app.connection_for_write(connect_timeout=_TIMEOUT_SECONDS, transport_options=dict(_OPTIONS)) as connection:
            return int(connection.default_channel.queue_declare(QUEUE, passive=True).message_count)
    except ChannelError:
        return 0  # there is no such queue: it is made by its first message
    except (OperationalError, OSError):
        return None


class Outcome(Enum):
    """What became of an attempt to publish a queued job."""

    SENT = "sent"
    NOT_DUE = "not due"  # it left the queue, or its message is younger than a lease
    BROKER_AWAY = "broker away"


def publish_queued(
    app: Celery, database: Database, job_id: str, lease_seconds: float, *, patience_seconds: float
) -> Outcome:
    """Publish a queued job, at most once a lease.

    The right to publish is taken by a conditional UPDATE, and given back when the broker is away.

    Parameters
    ----------
    patience_seconds : float
        So long a trial goes behind the jobs that people wait for.
    """
    with database.write() as s:
        if not messages.mark_published(s, job_id, lease_seconds):
            return Outcome.NOT_DUE
        behind = messages.goes_behind(s, job_id, patience_seconds)
    if publish(app, job_id, TRIAL if behind else INTERACTIVE):
        return Outcome.SENT
    with database.write() as s:
        messages.unmark_published(s, job_id)
    return Outcome.BROKER_AWAY
