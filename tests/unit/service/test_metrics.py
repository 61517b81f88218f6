"""Counts for Prometheus: what is counted, how labels stay few, several processes together."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from service.metrics import MOST_MODELS, OTHER_MODELS, Metrics
from service.server import empty_metrics_folder
from store.settings import Settings


def _samples(text: bytes) -> dict[tuple[str, tuple[str, ...]], float]:
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_a_request_is_counted_with_its_route_method_status_and_seconds() -> None:
    metrics = Metrics()
    for seconds in (0.002, 0.2):
        metrics.observe("/jobs/<job>", "GET", 200, seconds)
    metrics.observe(None, "GET", 404, 0.001)
    found = _samples(metrics.text())
    assert found["mlp_requests_total", ("GET", "/jobs/<job>", "200")] == 2
    assert found["mlp_requests_total", ("GET", "unknown", "404")] == 1
    assert found["mlp_request_seconds_bucket", ("0.0025", "/jobs/<job>")] == 1
    assert found["mlp_request_seconds_sum", ("/jobs/<job>",)] == 0.202


def test_labels_stay_few_whatever_is_asked() -> None:
    metrics = Metrics()
    for number in range(MOST_MODELS + 50):
        metrics.observe("/predict", f"M{number}", 405, 0.001)
        metrics.predicted(f"model{number}", 2)
    found = _samples(metrics.text())
    assert found["mlp_requests_total", ("other", "/predict", "405")] == MOST_MODELS + 50
    assert found["mlp_predictions_total", (OTHER_MODELS,)] == 100
    assert len([1 for name, _ in found if name == "mlp_predictions_total"]) == MOST_MODELS + 1


def test_several_processes_are_counted_together(tmp_path: Path) -> None:
    folder = empty_metrics_folder(Settings(data_dir=tmp_path))
    (folder / "counter_1.db").write_bytes(b"of an earlier start")
    assert empty_metrics_folder(Settings(data_dir=tmp_path)) == folder
    assert list(folder.iterdir()) == []
    counting = "m = Metrics(); m.observe('/x', 'GET', 200, 0.1); print(m.text().decode())"
    program = f"from service.metrics import Metrics; {counting}"
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    texts = [
        subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True, timeout=60)
        for _ in range(2)
    ]
    assert _samples(texts[1].stdout)["mlp_requests_total", ("GET", "/x", "200")] == 2
