"""The way from a CSV file to a prediction, through the API."""

from __future__ import annotations

import json
import time
from io import BytesIO
from typing import Any

import pytest

from store import jobs
from store.registry_tables import AliasRow
from tests.support.api import IRIS, SETOSA, Api, running

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_iris_goes_in_and_a_prediction_comes_out(api: Api) -> None:
    answer = api.post("/datasets?name=iris", data=IRIS.read_bytes(), content_type="text/csv")
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/datasets/{answer.json['id']}"
    queued = api.post("/train", json={"dataset": "iris", "target": "species", "epochs": 30})
    assert queued.status_code == 202
    assert queued.headers["Location"] == f"/jobs/{queued.json['id']}"
    assert queued.json["config"]["inferred"]["task"]["value"] == "classification"
    job = api.run(queued.json["id"])
    assert (job["status"], job["model"]) == ("succeeded", {"name": "iris", "version": 1})
    assert job["progress"]["fraction"] == 1.0
    assert job["latest"]["epoch"] == job["progress"]["epoch"]

    linked = api.get(job["links"]["predict"])
    assert linked.status_code == 200
    assert linked.json["predictions"][0]["label"] == "setosa"
    query = api.get("/predict", query_string={"model": "iris", **SETOSA}).json
    body = api.post("/predict", json={"model": "iris", "records": [SETOSA]}).json
    rows = api.post("/predict", json={"model": "iris", "rows": [list(SETOSA.values())]}).json
    record = api.get("/predict?model=iris&x=5.1,3.5,1.4,0.2").json
    assert query == body == rows == record
    assert (query["model"], query["version"], query["selected_by"]) == ("iris", 1, "newest")
    assert sum(query["predictions"][0]["probabilities"].values()) == pytest.approx(1, abs=1e-6)


def test_the_same_table_again_is_the_same_dataset_and_another_one_the_next_version(api: Api) -> None:
    first = api.upload_iris()
    assert api.post("/datasets?name=iris", data=IRIS.read_bytes(), content_type="text/csv").status_code == 200
    second = api.upload(IRIS.read_bytes() + b"5.0,3.0,1.5,0.2,setosa\n", "iris")
    assert (first["version"], second["version"]) == (1, 2)
    assert api.get("/datasets/iris").json == second
    assert api.get("/datasets/iris@1").json == api.get(f"/datasets/{first['id']}").json == first
    refused = api.delete("/datasets/iris")
    assert (refused.status_code, refused.json["code"]) == (409, "several_versions")
    assert api.delete("/datasets/iris@2").status_code == 204
    assert api.get("/datasets/iris").json == first


@SQLITE
@pytest.mark.parametrize("form", ["rows", "records", "multipart"])
def test_a_table_comes_in_any_form(api: Api, form: str) -> None:
    if form == "multipart":
        data = {"name": "t", "file": (BytesIO(b"a,b\n1,x\n2,\n"), "t.csv"), "schema": '{"a":"number"}'}
        answer = api.post("/datasets", data=data)
    elif form == "rows":
        columns = [{"name": "a", "type": "number"}, "b"]
        answer = api.post("/datasets", json={"name": "t", "columns": columns, "rows": [[1, "x"], [2, None]]})
    else:
        records = [{"a": 1.0, "b": "x"}, {"a": 2.5, "b": None}]
        answer = api.post("/datasets", json={"name": "t", "records": records})
    assert answer.status_code == 201, answer.text
    assert [(c["name"], c["type"], c["missing"]) for c in answer.json["columns"]] == [
        ("a", "number", 0),
        ("b", "category", 1),
    ]


@SQLITE
def test_rows_are_paged_and_downloads_come_back_equal(api: Api) -> None:
    dataset = api.upload_iris()
    rows: list[Any] = []
    cursor = None
    while True:
        page = api.get("/datasets/iris/rows", query_string={"limit": 40, **({"cursor": cursor} if cursor else {})}).json
        rows += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(rows) == 150
    assert rows[0] == {**SETOSA, "species": "setosa"}
    csv = api.get("/datasets/iris/download")
    assert csv.content_type == "text/csv; charset=utf-8"
    assert api.upload(csv.data, "again")["sha256"] == dataset["sha256"]
    parquet = api.get("/datasets/iris/download?format=parquet")
    assert parquet.data[:4] == parquet.data[-4:] == b"PAR1"
    assert len(parquet.data) == dataset["bytes"]


@SQLITE
def test_lists_are_newest_first_and_paged(api: Api) -> None:
    for number in range(5):
        api.upload(f"a,b\n{number},1\n", f"t{number}")
    first = api.get("/datasets?limit=3").json
    second = api.get("/datasets", query_string={"limit": 3, "cursor": first["next_cursor"]}).json
    assert [item["name"] for item in first["items"] + second["items"]] == ["t4", "t3", "t2", "t1", "t0"]
    assert second["next_cursor"] is None
    assert [item["name"] for item in api.get("/datasets?name=t2").json["items"]] == ["t2"]


def test_the_same_idempotency_key_gives_the_same_job_and_another_body_is_refused(api: Api) -> None:
    api.upload_iris()
    headers = {"Idempotency-Key": "once"}
    body = {"dataset": "iris", "target": "species"}
    first = api.post("/train", json=body, headers=headers)
    again = api.post("/train", json=dict(reversed(body.items())), headers=headers)
    assert (again.status_code, again.json["id"]) == (202, first.json["id"])
    other = api.post("/train", json={**body, "seed": 1}, headers=headers)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")
    assert len(api.get("/jobs").json["items"]) == 1


def test_an_idempotency_key_gives_the_same_answer_whatever_has_changed_since(api: Api) -> None:
    api.upload_iris()
    headers, body = {"Idempotency-Key": "once"}, {"dataset": "iris", "target": "species"}
    first = api.post("/train", json=body, headers=headers).json
    api.post(f"/jobs/{first['id']}/cancel")
    assert api.delete("/datasets/iris").status_code == 204
    again = api.post("/train", json=body, headers=headers)
    assert (again.status_code, again.json["id"]) == (202, first["id"])
    assert again.headers["Location"] == f"/jobs/{first['id']}"
    other = api.post("/train", json={**body, "seed": 1}, headers=headers)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")
    assert other.json["errors"][0]["parameter"] == "Idempotency-Key"


@SQLITE
def test_a_job_is_accepted_while_the_broker_is_away(api: Api) -> None:
    api.upload_iris()
    away = api.settings.model_copy(update={"broker_url": "redis://127.0.0.1:1/0"})
    with running(away) as alone:
        started = time.monotonic()
        job = alone.train(dataset="iris", target="species")
        assert time.monotonic() - started < 2
        assert job["status"] == "queued"
        ready = alone.get("/readyz")
        assert (ready.status_code, ready.json["errors"][0]["parameter"]) == (503, "broker")
        with alone.parts.database.read() as s:
            assert jobs.get_job(s, "default", job["id"]).published_at is None
    assert api.get("/readyz").status_code == 200


def test_jobs_are_cancelled_retried_and_deleted(api: Api) -> None:
    api.upload_iris()
    job = api.train(dataset="iris", target="species", epochs=2)
    path = f"/jobs/{job['id']}"
    assert api.delete("/datasets/iris").json["code"] == "dataset_in_use"
    assert api.delete(path).json["code"] == "job_not_ended"
    assert api.post(f"{path}/retry").json["code"] == "job_not_ended"
    cancelled = api.post(f"{path}/cancel", json={"keep": None})
    assert (cancelled.status_code, cancelled.json["status"]) == (202, "cancelled")
    assert api.post(f"{path}/cancel").json["code"] == "job_ended"
    retried = api.post(f"{path}/retry")
    assert (retried.status_code, retried.json["retry_of"]) == (202, job["id"])
    assert api.run(retried.json["id"])["status"] == "succeeded"
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404
    assert [item["id"] for item in api.get("/jobs?status=succeeded&model=iris&kind=train").json["items"]] == [
        retried.json["id"]
    ]


@SQLITE
def test_a_history_is_paged_and_thinned(api: Api) -> None:
    api.upload_iris()
    job = api.trained(dataset="iris", target="species", epochs=40, early_stopping=None)
    path = f"/jobs/{job['id']}/history"
    whole = api.get(path).json["items"]
    assert [item["epoch"] for item in whole] == list(range(1, 41))
    assert api.get(f"{path}?after_epoch=10&limit=5").json["items"] == whole[10:15]
    thin = api.get(f"{path}?points=10").json["items"]
    assert len(thin) <= 10
    assert {1, 40} <= {item["epoch"] for item in thin}


def test_models_and_versions_are_described_and_deleted(api: Api) -> None:
    api.upload_iris()
    for seed in (0, 1):
        api.trained(dataset="iris", target="species", seed=seed)
    versions = api.get("/models/iris/versions").json["items"]
    assert [version["version"] for version in versions] == [2, 1]
    version = api.get("/models/iris/versions/1").json
    assert version["schema"]["target"] == "species"
    assert version["metrics"]["validation"]["baseline"]
    changed = api.client.patch("/models/iris/versions/1", json={"tags": {"stage": "old"}, "description": "first"})
    assert (changed.json["tags"], changed.json["description"]) == ({"stage": "old"}, "first")
    assert api.client.patch("/models/iris", json={"description": "flowers"}).json["description"] == "flowers"
    assert [model["newest_version"] for model in api.get("/models").json["items"]] == [2]
    assert api.get("/predict", query_string={"model": "iris", **SETOSA}).json["version"] == 2
    assert api.delete("/models/iris/versions/2").status_code == 204
    assert api.get("/predict", query_string={"model": "iris", **SETOSA}).json["version"] == 1
    gone = api.get("/predict", query_string={"model": "iris", "version": 2, **SETOSA})
    assert (gone.status_code, gone.json["errors"][0]["parameter"]) == (404, "version")
    assert api.delete("/models/iris").status_code == 204
    assert api.get("/models/iris").json["code"] == "model_not_found"


@SQLITE
def test_a_version_with_an_alias_answers_by_it_and_is_not_deleted(api: Api) -> None:
    api.upload_iris()
    for seed in (0, 1):
        api.trained(dataset="iris", target="species", seed=seed)
    with api.parts.database.write() as s:
        s.add(AliasRow(project_id="default", model_name="iris", alias="champion", version=1))
        s.add(AliasRow(project_id="default", model_name="iris", alias="trial", version=2))
    chosen = {}
    for name, extra in (("champion", {}), ("alias", {"alias": "trial"}), ("version", {"version": 2})):
        answer = api.get("/predict", query_string={"model": "iris", **SETOSA, **extra}).json
        chosen[answer["selected_by"]] = answer["version"]
        assert answer["selected_by"] == name
    assert chosen == {"champion": 1, "alias": 2, "version": 2}
    assert api.delete("/models/iris/versions/1").json["code"] == "version_has_alias"
    assert api.delete("/models/iris").json["code"] == "model_has_alias"


@SQLITE
def test_a_model_keeps_its_target(api: Api) -> None:
    api.upload_iris()
    api.trained(dataset="iris", target="species")
    answer = api.post("/train", json={"dataset": "iris", "target": "petal_width"})
    assert (answer.status_code, answer.json["code"]) == (409, "model_target_mismatch")
    assert answer.json["errors"][0]["pointer"] == "/model"
    assert json.loads(answer.data)["type"].endswith("model_target_mismatch")
