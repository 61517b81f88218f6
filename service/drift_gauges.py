"""The drift of the models that are asked, for Prometheus: measured by the scrape that finds it old."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from service.drift import Drift, measure
from store.database import Database
from store.errors import Conflict
from store.prediction_log import last_predicted

logger = logging.getLogger(__name__)
AGE_SECONDS = 60.0
MOST_MODELS = 20
MOST_ROWS = 1000
MOST_COLUMNS = 50
_LABELS = ["model", "version"]

Found = dict[tuple[str, int], Drift]


class DriftGauges(Collector):
    """Read at most once in `AGE_SECONDS`, a scrape that comes meanwhile gets what was read before.

    Of each of `MOST_MODELS` models the version that was asked last is measured, by its newest `MOST_ROWS` logged
    predictions; a version without a profile or with few predictions has no gauges.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reading = threading.Lock()
        self._read_at = float("-inf")
        self._found: Found = {}

    def describe(self) -> Iterable[Metric]:
        """Nothing is looked up to be registered."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """The gauges; none while the database is away."""
        rows = GaugeMetricFamily("mlp_drift_rows", "Logged predictions compared.", labels=_LABELS)
        drifted = GaugeMetricFamily("mlp_drift_columns", "Inputs and outputs that have drifted.", labels=_LABELS)
        of_column = ["model", "version", "column"]
        inputs = GaugeMetricFamily("mlp_drift_input_psi", "Population stability index of an input.", labels=of_column)
        outputs = GaugeMetricFamily("mlp_drift_output_psi", "The same of an output.", labels=of_column)
        for (model, version), drift in self._drifts().items():
            labels = [model, str(version)]
            rows.add_metric(labels, drift.rows)
            drifted.add_metric(labels, sum(each.drifted for each in (*drift.features, *drift.outputs)))
            for family, columns in ((inputs, drift.features), (outputs, drift.outputs)):
                for each in columns[:MOST_COLUMNS]:
                    family.add_metric([*labels, each.profile.name], each.index)
        return [rows, drifted, inputs, outputs]

    def _drifts(self) -> Found:
        if time.monotonic() - self._read_at > AGE_SECONDS and self._reading.acquire(blocking=False):
            try:
                self._found = self._measured()
            except SQLAlchemyError:
                logger.warning("The drift of the models could not be measured.", exc_info=True)
                self._found = {}
            finally:
                self._read_at = time.monotonic()
                self._reading.release()
        return self._found

    def _measured(self) -> Found:
        found: Found = {}
        with self._database.read() as s:
            for project, model, version in last_predicted(s, MOST_MODELS):
                try:
                    found[model, version] = measure(s, project, model, version, most_rows=MOST_ROWS)
                except Conflict:  # nothing to compare
                    continue
        return found
