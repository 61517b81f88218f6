"""What the service counts for Prometheus; knows no web framework, so that every door calls it."""

from __future__ import annotations

import os
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # set by `service.server`, before the client is imported
UNKNOWN_PATH = "unknown"
MOST_MODELS = 100
OTHER_MODELS = "(other)"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The counts of one process; with several processes, of all of them together.

    Labels are bounded: routes by their template, one label for all paths that are none; methods that HTTP knows; at
    most `MOST_MODELS` models, the first that were asked.
    """

    def __init__(self) -> None:
        self._collectors: list[Collector] = []
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "mlp_requests", "Requests answered.", ["route", "method", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "mlp_request_seconds",
            "Seconds from a request's arrival to its answer's first byte.",
            ["route"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._predictions = Counter("mlp_predictions", "Rows predicted.", ["model"], registry=self._registry)
        self._kept: dict[tuple[str, str, int], tuple[Callable[[], None], Callable[[float], None]]] = {}
        self._models: dict[str, Callable[[float], None]] = {}

    def add(self, collector: Collector) -> None:
        """Have this looked up at each scrape."""
        self._collectors.append(collector)

    def observe(self, route: str | None, method: str, status: int, seconds: float) -> None:
        """Count a request that was answered.

        Parameters
        ----------
        route : str or None
            The route's template; None for a path that is none.
        """
        key = (route or UNKNOWN_PATH, method, status)
        kept = self._kept.get(key)
        if kept is None:
            shown = method if method in _METHODS else "other"
            kept = (
                self._requests.labels(key[0], shown, str(status)).inc,
                self._seconds.labels(key[0]).observe,
            )
            if method in _METHODS:
                self._kept[key] = kept
        kept[0]()
        kept[1](seconds)

    def predicted(self, model: str, rows: int) -> None:
        """Count rows that a model predicted."""
        count = self._models.get(model)
        if count is None:
            count = self._predictions.labels(model if len(self._models) < MOST_MODELS else OTHER_MODELS).inc
            if len(self._models) < MOST_MODELS:
                self._models[model] = count
        count(rows)

    def text(self) -> bytes:
        """Everything in Prometheus' text form."""
        registry = self._registry
        if FOLDER_VARIABLE in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        looked_up = CollectorRegistry()
        for collector in self._collectors:
            looked_up.register(collector)
        return generate_latest(registry) + generate_latest(looked_up)
