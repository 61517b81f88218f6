"""Two serving processes: counted together, and what each has yet to log is written when the server stops."""

from __future__ import annotations

import os
import signal
import socket
from collections import Counter
from pathlib import Path

import httpx
import pytest

from store.prediction_log import find_predictions
from store.settings import Settings
from store.tables import DEFAULT_PROJECT
from tests.support.api import SETOSA, running
from tests.support.workers import Part, wait_until

ASKED = 20


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_processes_are_counted_together_and_write_their_log_when_they_stop(settings: Settings, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = settings.model_copy(update={"port": port, "api_processes": 2, "log_sample": 1.0})
    with running(settings) as api:
        api.upload_iris()
        api.trained(dataset="iris", target="species", model="iris")
        with Part("service.server", settings, tmp_path / "api.log", "Started worker-2") as part:
            url = f"http://127.0.0.1:{port}"
            for _ in range(ASKED):
                answer = httpx.get(f"{url}/predict", params={"model": "iris", **SETOSA}, timeout=10)
                assert answer.status_code == 200, answer.text
            lines = httpx.get(f"{url}/metrics", timeout=10).text.splitlines()
            assert f'mlp_predictions_total{{model="iris"}} {ASKED}.0' in lines
            types = Counter(line.split()[2] for line in lines if line.startswith("# TYPE"))
            assert {name for name, count in types.items() if count > 1} == set()  # which Prometheus would refuse
            os.kill(part.pid, signal.SIGTERM)
            wait_until(lambda: not part.running, seconds=20, what="the server's end")
        with api.parts.database.read() as s:
            assert len(find_predictions(s, DEFAULT_PROJECT, "iris", limit=100)) == ASKED
