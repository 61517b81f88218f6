"""GET /metrics of the whole API: requests, predictions, jobs; also while the database is away."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError

from service import gauges
from tests.support.api import SETOSA, Api


def test_requests_predictions_and_jobs_are_told(api: Api) -> None:
    api.upload_iris()
    api.trained(dataset="iris", target="species", model="iris")
    api.train(dataset="iris", target="species", model="waiting")
    assert api.post("/predict", json={"model": "iris", "records": [SETOSA, SETOSA]}).status_code == 200
    assert api.get("/nothing/here").status_code == 404
    assert api.get("/healthz", headers={"Host": "elsewhere.example"}).status_code == 403
    assert api.client.head("/metrics").status_code == 200
    answer = api.get("/metrics")
    assert answer.content_type.startswith("text/plain")
    lines = set(answer.text.splitlines())
    assert {
        'mlp_requests_total{method="POST",route="/predict",status="200"} 1.0',
        'mlp_requests_total{method="GET",route="unknown",status="404"} 1.0',
        'mlp_requests_total{method="GET",route="/healthz",status="403"} 1.0',
        'mlp_requests_total{method="HEAD",route="/metrics",status="200"} 1.0',
        'mlp_predictions_total{model="iris"} 2.0',
        'mlp_jobs{status="succeeded"} 1.0',
        'mlp_jobs{status="failed"} 0.0',
        "mlp_queue_depth 1.0",
    } <= lines
    assert any(line.startswith("mlp_build_info{") for line in lines)
    (age,) = (line for line in lines if line.startswith("mlp_queue_age_seconds "))
    assert 0 <= float(age.split()[1]) < 600


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_metrics_answer_while_the_database_is_away(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_session: object) -> None:
        raise OperationalError("select", {}, Exception("away"))

    monkeypatch.setattr(gauges, "backlog", away)
    answer = api.get("/metrics")
    assert answer.status_code == 200
    assert "mlp_jobs{" not in answer.text
    assert "mlp_cache_bytes 0.0" in answer.text
