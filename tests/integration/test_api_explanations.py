"""Explanations of predictions: both verbs alike, the sum, the limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, update

from store.registry_tables import ModelVersionRow
from tests.support.api import SETOSA, Api

TABLE = "x,kind,target,other\n" + "\n".join(f"{n % 7},{'abc'[n % 3]},{3 * n + 1},{n}" for n in range(60))


def _explained(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json["explanations"]
    for each in found:
        total = each["baseline"] + sum(each["contributions"].values())
        assert total == pytest.approx(each["output"], abs=1e-3 * max(1, abs(each["output"])))
    return found


def test_a_prediction_is_explained_alike_by_both_verbs(api: Api) -> None:
    api.upload_iris()
    api.trained(dataset="iris", target="species", model="iris", epochs=20)
    query = {"model": "iris", **SETOSA}
    got = api.get("/predict", query_string={**query, "explain": "true"})
    posted = api.post("/predict", json={"model": "iris", "records": [SETOSA], "explain": True})
    (explanation,) = _explained(got)
    assert got.json == posted.json
    prediction = got.json["predictions"][0]
    assert explanation["of"] == prediction["label"]
    assert explanation["output"] == pytest.approx(prediction["probabilities"][prediction["label"]], abs=1e-5)
    assert list(explanation["contributions"]) == list(SETOSA)
    assert explanation["baseline_from"] == "training_mean"
    plain = api.get("/predict", query_string=query)
    assert "explanations" not in plain.json
    assert plain.headers["ETag"] != got.headers["ETag"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_regression_is_explained_in_its_own_units_and_several_targets_are_not(api: Api) -> None:
    api.upload(TABLE)
    api.trained(dataset="table", target="target", model="one", features=["x", "kind"])
    body = {"model": "one", "rows": [[3, "a"], [5, None]], "explain": True}
    answer = api.post("/predict", json=body)
    first, second = _explained(answer)
    assert first["of"] == "target"
    assert first["output"] == pytest.approx(answer.json["predictions"][0]["value"], rel=1e-5)
    assert set(second["contributions"]) == {"x", "kind"}
    api.trained(dataset="table", target=["target", "other"], task="regression", model="two", features=["x"])
    refused = api.post("/predict", json={"model": "two", "rows": [[1]], "explain": True})
    assert (refused.status_code, refused.json["code"]) == (422, "not_available")
    many = api.post("/predict", json={**body, "rows": [[1, "a"]] * 101})
    assert (many.status_code, many.json["code"]) == (422, "too_many_rows")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_version_of_the_first_format_is_explained_against_zeros(api: Api) -> None:
    api.upload(TABLE)
    api.trained(dataset="table", target="target", model="old", features=["x", "kind"])
    with api.parts.database.write() as s:
        encoding = dict(s.scalars(select(ModelVersionRow.encoding)).one(), format_version=1)
        features = [{key: value for key, value in each.items() if key != "shares"} for each in encoding["features"]]
        s.execute(update(ModelVersionRow).values(encoding={**encoding, "features": features}))
    (old,) = _explained(api.post("/predict", json={"model": "old", "rows": [[3, "a"]], "explain": True}))
    assert old["baseline_from"] == "zeros"
    assert np.isfinite(old["output"])
