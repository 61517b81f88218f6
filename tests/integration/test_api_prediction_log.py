"""The log of predictions: what is kept, listed, cleared, swept; and that no prediction fails for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from werkzeug.test import Client

from service import prediction_log
from service.app import fast_door
from store.clock import now
from store.prediction_log import sweep_predictions
from store.registry_tables import PredictionRow
from store.settings import Settings
from tests.support.api import SETOSA, Api, running
from tests.support.inference import tensor

LOG = "/models/iris/predictions"
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def logging_api(settings: Settings) -> Iterator[Api]:
    """An API that logs every row, and has a model."""
    with running(settings.model_copy(update={"log_sample": 1.0})) as api:
        api.upload_iris()
        api.trained(dataset="iris", target="species", model="iris")
        yield api


def _predict(api: Api, *lengths: float | None) -> None:
    records = [{**SETOSA, "sepal_length": length} for length in lengths]
    answer = api.post("/predict", json={"model": "iris", "records": records})
    assert answer.status_code == 200, answer.text


def _logged(api: Api, query: str = "") -> list[float | None]:
    answer = api.get(LOG + query)
    assert answer.status_code == 200, answer.text
    return [item["inputs"]["sepal_length"] for item in answer.json["items"]]


def test_rows_are_logged_with_inputs_and_outputs_newest_first(logging_api: Api) -> None:
    api = logging_api
    _predict(api, 1.0, None)
    assert api.get("/predict", query_string={"model": "iris", **SETOSA, "sepal_length": 3}).status_code == 200
    first = api.get(f"{LOG}?limit=2").json
    assert [item["inputs"]["sepal_length"] for item in first["items"]] == [3.0, None]
    assert _logged(api, f"?limit=2&cursor={first['next_cursor']}") == [1.0]
    newest = first["items"][0]
    assert newest["version"] == 1
    assert newest["inputs"] == {**SETOSA, "sepal_length": 3.0}
    assert newest["outputs"]["label"] in newest["outputs"]["probabilities"]
    assert (_logged(api, "?version=1"), _logged(api, "?version=2")) == ([3.0, None, 1.0], [])
    assert api.delete(LOG).status_code == 204
    assert _logged(api) == []


def test_the_log_is_swept_by_rows_and_by_days_and_goes_with_its_version(logging_api: Api) -> None:
    api = logging_api
    _predict(api, *map(float, range(6)))
    assert len(_logged(api)) == 6
    with api.parts.database.write() as s:
        assert sweep_predictions(s, max_rows=4, days=30) == 2
    assert _logged(api) == [5.0, 4.0, 3.0, 2.0]
    with api.parts.database.write() as s:
        s.execute(update(PredictionRow).values(made_at=now() - 31 * 86_400))
        assert sweep_predictions(s, max_rows=4, days=30) == 4
    _predict(api, 7.0)
    assert _logged(api) == [7.0]
    assert api.delete("/models/iris/versions/1").status_code == 204
    assert _logged(api) == []
    assert api.delete("/models/iris").status_code == 204
    assert api.get(LOG).json["code"] == "model_not_found"


@SQLITE
def test_no_prediction_fails_for_its_log(logging_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_given: object) -> None:
        raise OperationalError("insert", {}, Exception("away"))

    with monkeypatch.context() as patch:
        patch.setattr(prediction_log, "write_predictions", away)
        _predict(logging_api, *[1.0] * prediction_log.FULL)
    assert _logged(logging_api) == []  # lost, as documented
    _predict(logging_api, 2.0)
    assert _logged(logging_api) == [2.0]


@SQLITE
def test_a_full_or_old_buffer_is_written_by_the_request_that_finds_it(logging_api: Api) -> None:
    log = logging_api.parts.log
    _predict(logging_api, 1.0)
    assert len(log._waiting) == 1
    _predict(logging_api, *[2.0] * prediction_log.FULL)
    assert log._waiting == []


@SQLITE
def test_what_v2_infers_is_logged_as_predict_would_by_both_doors_once(logging_api: Api) -> None:
    api, door = logging_api, Client(fast_door(logging_api.app))
    values = [[*SETOSA.values()], [*SETOSA.values()]]
    values[1][0] = None  # missing: another way through the encoding
    whole = [tensor("input", "FP64", [2, 4], values)]
    apart = [tensor(name, "FP32", [1], [value]) for name, value in SETOSA.items()]
    for client in (api.client, door):
        for inputs in (whole, apart):
            answer = client.post("/v2/models/iris/infer", json={"inputs": inputs, "outputs": [{"name": "label"}]})
            assert answer.status_code == 200, answer.text
        assert client.post("/v2/models/iris/infer", json={"inputs": whole[:0]}).status_code == 400
    assert door.get("/predict", query_string={"model": "iris", **SETOSA}).status_code == 200
    assert door.post("/predict", json={"model": "iris", "records": [SETOSA]}).status_code == 200
    items = api.get(LOG).json["items"]
    assert len(items) == 2 * 3 + 2
    predicted = api.post("/predict", json={"model": "iris", "rows": values}).json["predictions"]
    assert [item["outputs"] for item in items[-2:]] == predicted[::-1]
    assert [item["inputs"] for item in items[-2:]] == [{**SETOSA, "sepal_length": None}, SETOSA]
    assert items[-3]["inputs"] == pytest.approx(SETOSA)


def test_a_model_may_be_logged_by_itself_and_another_not(api: Api) -> None:
    api.upload_iris()
    for model in ("iris", "other"):
        api.trained(dataset="iris", target="species", model=model, epochs=1, importance_repeats=0)
    door = Client(fast_door(api.app))
    changed = api.client.patch("/models/iris", json={"log_sample": 1})
    assert (changed.status_code, changed.json["log_sample"]) == (200, 1)
    assert api.get("/models").json["items"][0]["log_sample"] is None
    assert api.client.put("/models/iris/aliases/champion", json={"version": 1}).status_code == 201
    for model in ("iris", "other"):
        for options in ({}, {"version": 1}, {"alias": "champion"} if model == "iris" else {"version": 1}):
            for client in (api.client, door):
                address = client.get("/predict", query_string={"model": model, **SETOSA, **options})
                body = client.post("/predict", json={"model": model, "records": [SETOSA], **options})
                assert (address.status_code, body.status_code) == (200, 200)
    assert len(api.get(f"{LOG}?limit=100").json["items"]) == 12
    assert api.get("/models/other/predictions").json["items"] == []
    assert api.client.patch("/models/iris", json={"log_sample": None}).json["log_sample"] is None
    _predict(api, 1.0)
    assert len(api.get(f"{LOG}?limit=100").json["items"]) == 12
    for bad in (-0.1, 1.1, "1", True):
        answer = api.client.patch("/models/iris", json={"log_sample": bad})
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/log_sample")
    assert api.client.patch("/models/iris/versions/1", json={"log_sample": 1}).status_code == 422


@SQLITE
def test_nothing_is_logged_unless_asked_for(api: Api) -> None:
    api.upload_iris()
    api.trained(dataset="iris", target="species", model="iris")
    _predict(api, 1.0)
    assert _logged(api) == []
    bad = api.get(f"{LOG}?cursor=nonsense")
    assert (bad.status_code, bad.json["code"]) == (422, "invalid_cursor")
