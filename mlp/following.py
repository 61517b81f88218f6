"""Follows a job's event stream to its end, over lost connections and restarts of the service."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from mlp.connection import Connection, quote
from mlp.events import ServerEvent, parse
from mlp.problems import MLPClientError, ServerTrouble, TooManyRequests, problem_from

ENDED = frozenset({"succeeded", "failed", "cancelled"})
"""The states in which a job stays for good."""

_RETRY_SECONDS = 2.0


@dataclass(frozen=True)
class JobEvent:
    """One event of a job.

    Attributes
    ----------
    event : str
        ``epoch`` (data: a history item) or ``status`` (data: ``status``, ``progress``, ``error``, ``model``).
    data : dict
    id : str or None
        What to hand to ``events(after=…)`` to go on behind this event.
    """

    event: str
    data: dict[str, Any]
    id: str | None = None


def follow(connection: Connection, job: str, after: str | None, patience: float) -> Iterator[JobEvent]:
    """Yield a job's events, each epoch exactly once.

    Parameters
    ----------
    connection : Connection
    job : str
        Its id.
    after : str or None
        Id of the last event already seen.
    patience : float
        How long the service may be away before that is an error, seconds.

    Raises
    ------
    Unreachable, NotFound, ServerTrouble
    """
    path = f"/jobs/{quote(job)}/events"
    pause, away_since, followed = _RETRY_SECONDS, None, False
    while True:
        headers = {"Accept": "text/event-stream"}
        if after is not None:
            headers["Last-Event-ID"] = after
        trouble: MLPClientError | None = None
        try:
            with connection.stream(path, headers=headers) as response:
                if response.status_code == 204:
                    if followed:  # the job ended between two streams, after the last epoch
                        yield _ending(connection, job, after)
                    return
                if response.status_code >= 400:
                    raise problem_from(response.status_code, response.read(), response.headers)
                if not response.headers.get("content-type", "").startswith("text/event-stream"):
                    raise connection.unreadable(response)
                followed = True
                for event in parse(response.iter_bytes()):
                    away_since = None
                    after = event.id if event.id is not None else after
                    pause = pause if event.retry is None else event.retry / 1000
                    decoded = _decode(event)
                    yield decoded
                    if decoded.event == "status" and decoded.data.get("status") in ENDED:
                        return
        except httpx.TransportError as error:
            trouble = connection.unreachable(error)
        except (ServerTrouble, TooManyRequests) as error:
            trouble = error
            pause = error.retry_after or pause
        now = time.monotonic()
        away_since = now if away_since is None else away_since
        if trouble is not None and now - away_since > patience:
            raise trouble
        time.sleep(min(pause, max(0.05, patience)))


def _ending(connection: Connection, job: str, after: str | None) -> JobEvent:
    found = connection.json("GET", f"/jobs/{quote(job)}")
    data = {name: found[name] for name in ("status", "progress", "error", "model") if found[name] is not None}
    return JobEvent("status", data, after)


def _decode(event: ServerEvent) -> JobEvent:
    return JobEvent(event.event, json.loads(event.data), event.id)
