"""What a model is asked, beside what it was trained on: as JSON, in the metrics, on both databases."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from service import drift_gauges
from service.drift import LEAST_ROWS
from store.clock import now
from store.registry_tables import PredictionRow
from store.settings import Settings
from tests.support.api import IRIS, Api, running

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
DRIFT = "/models/iris/drift"
NUMBERS = ("sepal_length", "sepal_width", "petal_length", "petal_width")


@pytest.fixture
def watched(settings: Settings) -> Iterator[Api]:
    """An API that logs every row, and has a model."""
    with running(settings.model_copy(update={"log_sample": 1.0})) as api:
        api.upload_iris()
        api.trained(dataset="iris", target="species", model="iris", epochs=20)
        yield api


def iris_rows() -> list[dict[str, Any]]:
    with IRIS.open(encoding="utf-8", newline="") as file:
        rows = [{name: float(row[name]) for name in NUMBERS} for row in csv.DictReader(file)]
    return [rows[place] for place in np.random.default_rng(0).permutation(len(rows)).tolist()]


def ask(api: Api, rows: list[dict[str, Any]], **options: Any) -> None:
    answer = api.post("/predict", json={"model": "iris", "records": rows, **options})
    assert answer.status_code == 200, answer.text


def drift(api: Api, query: str = "") -> dict[str, Any]:
    answer = api.get(DRIFT + query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def test_the_training_rows_have_not_drifted_and_longer_sepals_have(watched: Api) -> None:
    ask(watched, iris_rows())
    same = drift(watched)
    assert (same["model"], same["version"], same["selected_by"], same["rows"]) == ("iris", 1, "newest", 150)
    assert same["drifted"] == []
    assert [each["name"] for each in same["features"]] == list(NUMBERS)
    assert [each["name"] for each in same["outputs"]] == ["species"]
    assert same["outputs_of"] == "validation"
    assert all(each["psi"] < 0.2 for each in same["features"])
    assert watched.delete("/models/iris/predictions").status_code == 204

    ask(watched, [{**row, "sepal_length": row["sepal_length"] + 3, "sepal_width": None} for row in iris_rows()])
    moved = drift(watched)
    assert set(moved["drifted"]) >= {"sepal_length", "sepal_width"}
    by_name = {each["name"]: each for each in moved["features"]}
    assert by_name["petal_width"]["drifted"] is False
    length = by_name["sepal_length"]
    assert length["psi"] > 1 > 1e-10 > length["p_value"]
    assert sum(each["training"] for each in length["bins"]) == pytest.approx(1)
    assert sum(each["predicted"] for each in length["bins"]) == pytest.approx(1)
    assert by_name["sepal_width"]["bins"][-1] == {"bin": "(missing)", "training": 0.0, "predicted": 1.0}


def test_only_a_versions_own_rows_since_a_time_count(watched: Api) -> None:
    ask(watched, iris_rows())
    assert drift(watched, "?version=1")["rows"] == 150  # which writes what waits
    with watched.parts.database.write() as s:
        s.execute(update(PredictionRow).values(made_at=now() - 7200))
    watched.trained(dataset="iris", target="species", model="iris", seed=1)
    few = watched.get(DRIFT)
    assert (few.status_code, few.json["code"]) == (409, "not_enough_predictions")
    assert "0 predictions of iris/2" in few.json["detail"]
    ask(watched, iris_rows()[:LEAST_ROWS], version=1)
    whole = drift(watched, "?version=1")
    assert whole["rows"] == 150 + LEAST_ROWS
    assert whole["first_at"] < whole["last_at"]
    an_hour_ago = (datetime.fromisoformat(whole["last_at"]) - timedelta(hours=1)).isoformat()
    recent = drift(watched, "?" + urlencode({"version": 1, "since": an_hour_ago}))
    assert (recent["rows"], recent["last_at"]) == (LEAST_ROWS, whole["last_at"])
    none = watched.get(f"{DRIFT}?version=1&since=2999-01-01T00:00:00Z")
    assert (none.status_code, none.json["code"]) == (409, "not_enough_predictions")


@SQLITE
@pytest.mark.parametrize("since", ["yesterday", "2026-01-31T12:00:00", "2026-13-01T00:00:00Z", ""])
def test_a_time_that_is_none_is_named(watched: Api, since: str) -> None:
    refused = watched.get(DRIFT, query_string={"since": since})
    assert (refused.status_code, refused.json["errors"][0]["parameter"]) == (422, "since")


@SQLITE
def test_what_is_not_there_is_named(watched: Api) -> None:
    weights = watched.get("/models/iris/versions/1/weights").data
    imported = watched.post("/models/iris/versions", data=weights, content_type="application/octet-stream")
    assert imported.status_code == 201
    without = watched.get(f"{DRIFT}?version=2")
    assert (without.status_code, without.json["code"]) == (409, "no_profile")
    for path, code in ((f"{DRIFT}?version=9", "version_not_found"), ("/models/none/drift", "model_not_found")):
        refused = watched.get(path)
        assert (refused.status_code, refused.json["code"]) == (404, code)


@SQLITE
@pytest.mark.parametrize(
    ("target", "task", "expected"),
    [
        ("petal_width", "regression", ["petal_width"]),
        (["petal_width", "petal_length"], "regression", ["petal_width", "petal_length"]),
        (["late", "odd"], "multilabel", ["late", "odd"]),
    ],
)
def test_each_task_has_its_outputs(watched: Api, target: Any, task: str, expected: list[str]) -> None:
    rows = [{**row, "late": int(index > 75), "odd": index % 2} for index, row in enumerate(iris_rows())]
    text = ",".join(rows[0]) + "\n" + "\n".join(",".join(map(str, row.values())) for row in rows) + "\n"
    watched.upload(text, "more")
    watched.trained(dataset="more", target=target, task=task, model="more")
    answer = watched.post("/predict", json={"model": "more", "records": rows})
    assert answer.status_code == 200, answer.text
    found = watched.get("/models/more/drift").json
    assert [each["name"] for each in found["outputs"]] == expected
    assert found["drifted"] == []
    assert all(each["bins"][-1]["bin"] != "(missing)" for each in found["outputs"])


def test_a_scrape_tells_the_drift_of_each_model_that_is_asked(watched: Api) -> None:
    ask(watched, [{**row, "sepal_length": row["sepal_length"] + 3} for row in iris_rows()])
    drift(watched)
    found = {
        (sample.name, sample.labels.get("column")): sample.value
        for family in text_string_to_metric_families(watched.get("/metrics").text)
        for sample in family.samples
        if sample.labels.get("model") == "iris" and sample.labels.get("version") == "1"
    }
    assert found["mlp_drift_rows", None] == 150
    assert found["mlp_drift_columns", None] >= 1
    assert found["mlp_drift_input_psi", "sepal_length"] > 1
    assert found["mlp_drift_input_psi", "petal_width"] < 0.2
    assert ("mlp_drift_output_psi", "species") in found


@SQLITE
def test_a_model_with_few_predictions_is_no_gauge_and_a_minute_passes_between_two_looks(
    watched: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(watched, iris_rows()[: LEAST_ROWS - 1])
    assert watched.get(DRIFT).status_code == 409  # which writes what waits
    scraped = watched.get("/metrics")
    assert scraped.status_code == 200
    assert 'model="iris",version' not in scraped.text
    ask(watched, iris_rows()[:1])
    assert drift(watched)["rows"] == LEAST_ROWS
    assert 'model="iris",version' not in watched.get("/metrics").text
    monkeypatch.setattr(drift_gauges, "AGE_SECONDS", 0.0)
    assert 'mlp_drift_rows{model="iris",version="1"} 100.0' in watched.get("/metrics").text


@SQLITE
def test_a_scrape_is_answered_while_the_database_is_away(watched: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_given: object) -> None:
        raise OperationalError("select", {}, Exception("away"))

    monkeypatch.setattr(drift_gauges, "last_predicted", away)
    assert watched.get("/metrics").status_code == 200
