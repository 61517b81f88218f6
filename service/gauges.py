"""What a scrape looks up: the release, jobs by state, the queue, and the cache of loaded networks."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from store.backlog import Backlog, backlog
from store.database import Database
from store.tables import JOB_STATUSES

logger = logging.getLogger(__name__)
AGE_SECONDS = 5.0


class Gauges(Collector):
    """Read by the request that asks, at most once in `AGE_SECONDS`; one that asks meanwhile gets what was read before.

    Parameters
    ----------
    cache_bytes : callable
        Bytes of the loaded networks of this process.
    """

    def __init__(self, database: Database, cache_bytes: Callable[[], int]) -> None:
        self._database = database
        self._cache_bytes = cache_bytes
        self._reading = threading.Lock()
        self._read_at = float("-inf")
        self._found: Backlog | None = None

    def describe(self) -> Iterable[Metric]:
        """Nothing is looked up to be registered."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """The gauges; without those of the jobs while the database is away."""
        build = GaugeMetricFamily("mlp_build_info", "The release; always 1.", labels=["version"])
        build.add_metric([version("mlp-service")], 1)
        yield build
        cache = GaugeMetricFamily("mlp_cache_bytes", "Bytes of loaded networks in the process that answers.")
        cache.add_metric([], self._cache_bytes())
        yield cache
        found = self._backlog()
        if found is None:
            return
        jobs = GaugeMetricFamily("mlp_jobs", "Jobs by state.", labels=["status"])
        for status in JOB_STATUSES:
            jobs.add_metric([status], found.jobs.get(status, 0))
        yield jobs
        depth = GaugeMetricFamily("mlp_queue_depth", "Jobs that wait for a worker.")
        depth.add_metric([], found.jobs.get("queued", 0))
        yield depth
        age = GaugeMetricFamily(
            "mlp_queue_age_seconds", "How long the oldest of them has waited since it was asked for."
        )
        age.add_metric([], found.oldest_seconds)
        yield age

    def _backlog(self) -> Backlog | None:
        if time.monotonic() - self._read_at > AGE_SECONDS and self._reading.acquire(blocking=False):
            try:
                with self._database.read() as s:
                    self._found = backlog(s)
            except SQLAlchemyError:
                logger.warning("The jobs could not be counted.", exc_info=True)
                self._found = None
            finally:
                self._read_at = time.monotonic()
                self._reading.release()
        return self._found
