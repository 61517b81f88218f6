"""Replacing a training process soon after it died."""

from __future__ import annotations

from typing import Any

from celery import bootsteps

_PERIOD_SECONDS = 0.5


class ReplaceDead(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery is untyped
    """A step of the worker's start-up: looks after the pool twice a second.

    Celery by itself looks every five seconds, for so long a job would wait for the dead process's place.
    """

    requires = ("celery.worker.components:Pool",)

    def register_with_event_loop(self, worker: Any, hub: Any) -> None:
        """Called by Celery when its event loop is set up."""
        hub.call_repeatedly(_PERIOD_SECONDS, worker.pool.maintain_pool)
