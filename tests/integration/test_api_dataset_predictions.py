"""Predictions of a stored dataset: a job whose result is the dataset with the predictions appended."""

from __future__ import annotations

import json
from typing import Any

import pytest

from store import leases
from tests.integration.test_two_doors import alike
from tests.support.api import Api

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def table(rows: int = 60) -> str:
    """A table with every type of column, in which two features have missing values."""
    lines = ["size,colour,count,hot,note,kind,weight,soft"]
    for i in range(rows):
        size = "" if i % 7 == 3 else f"{i * 0.37 - 4:.3f}"
        colour = "" if i % 11 == 5 else ("red", "green", "blue")[i % 3]
        hot = ("true", "false")[i % 2]
        lines.append(f"{size},{colour},{i % 9},{hot},n{i},{'abc'[(i // 2) % 3]},{i * 1.5},{hot}")
    return "\n".join(lines) + "\n"


def ask(api: Api, **body: Any) -> Any:
    return api.post("/predict", json=body)


def predicted(api: Api, **body: Any) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
    """The job as it ended well, the dataset that it made, and its rows."""
    asked = ask(api, **body)
    assert asked.status_code == 202, asked.text
    job = api.run(asked.json["id"])
    assert job["status"] == "succeeded", job["error"]
    return job, api.get(f"/datasets/{job['result']}").json, rows_of(api, job["result"])


def rows_of(api: Api, dataset: str) -> list[dict[str, Any]]:
    return list(api.get(f"/datasets/{dataset}/rows?limit=500").json["items"])


def flat(prediction: dict[str, Any]) -> dict[str, Any]:
    """A prediction of `POST /predict` as the columns of a result."""
    found: dict[str, Any] = {f"probability.{key}": value for key, value in prediction.get("probabilities", {}).items()}
    if "labels" in prediction:
        return {**{f"prediction.{key}": key in prediction["labels"] for key in prediction["probabilities"]}, **found}
    if "values" in prediction:
        return {f"prediction.{key}": value for key, value in prediction["values"].items()}
    return {"prediction": prediction["label"] if "label" in prediction else prediction["value"], **found}


TASKS: dict[str, dict[str, Any]] = {
    "texts": {"target": "kind", "features": ["size", "colour", "count", "hot"]},
    "integers": {"target": "count", "features": ["size", "colour"], "task": "classification"},
    "booleans": {"target": "hot", "features": ["size", "colour"]},
    "regression": {"target": "weight", "features": ["size", "colour", "hot"]},
    "several": {"target": ["weight", "count"], "features": ["size", "colour"], "task": "regression"},
    "multilabel": {"target": ["hot", "soft"], "features": ["size", "colour"], "task": "multilabel"},
}


@pytest.mark.parametrize("task", TASKS)
@SQLITE
def test_the_result_has_the_table_as_it_was_and_the_numbers_of_post_predict_to_the_bit(api: Api, task: str) -> None:
    api.upload(table(), "t")
    api.trained(dataset="t", model="m", epochs=2, **TASKS[task])
    # Other rows than those of the training: unseen categories, and values missing where none was.
    other = table(50).replace("red", "purple").replace("0,true", "0,")
    dataset = api.upload(other, "other")
    job, result, rows = predicted(api, model="m", dataset="other")
    before = rows_of(api, "other")
    assert [{name: row[name] for name in before[0]} for row in rows] == before
    features = [{name: row[name] for name in TASKS[task]["features"]} for row in before]
    answer = ask(api, model="m", records=features).json
    assert [{name: row[name] for name in row if name not in before[0]} for row in rows] == [
        flat(prediction) for prediction in answer["predictions"]
    ]
    assert [column["name"] for column in result["columns"]] == list(rows[0])
    assert result["columns"][: len(dataset["columns"])] == dataset["columns"]
    assert {warning["code"] for warning in job["warnings"]} == {warning["code"] for warning in answer["warnings"]}
    told = {(warning["code"], warning["column"]): warning["detail"] for warning in job["warnings"]}
    assert told["unseen_category", "colour"].startswith(f"In {other.count('purple')} rows of 'colour' ")


def test_the_result_is_the_dataset_that_an_upload_of_the_same_table_would_be(api: Api) -> None:
    api.upload_iris()
    api.trained(dataset="iris", target="species")
    job, result, rows = predicted(api, model="iris", dataset="iris")
    assert (result["name"], result["version"], result["rows"], len(rows)) == ("iris-iris-1", 1, 150, 150)
    assert job["model"] == {"name": "iris", "version": 1}
    assert job["config"] == {
        "dataset": "iris@1",
        "model": "iris",
        "version": 1,
        "selected_by": "newest",
        "name": "iris-iris-1",
    }
    assert (job["kind"], job["progress"]["epoch"], job["progress"]["epochs"]) == ("predict", 150, 150)
    assert job["links"]["result"] == f"/datasets/{result['id']}"
    assert api.get(f"/jobs/{job['id']}/history").json == {"items": []}
    added = [column for column in result["columns"] if column["name"].startswith("pr")]
    assert [column["role"] for column in added] == ["ignored"] * 4
    assert {"code": "predicted", "column": "prediction"}.items() <= result["warnings"][-4].items()
    again = api.upload(api.get(f"/datasets/{result['id']}/download").data, "again")
    assert again["sha256"] == result["sha256"]
    described = {column["name"]: {**column, "role": "ignored"} for column in again["columns"]}
    for column in added:
        assert described[column["name"]] == {
            name: pytest.approx(value, rel=1e-12) if isinstance(value, float) else value
            for name, value in column.items()
        }
    # The same again is the same dataset; a name of one's own is another.
    assert predicted(api, model="iris", dataset="iris")[0]["result"] == result["id"]
    assert predicted(api, model="iris", dataset="iris", name="mine")[1]["name"] == "mine"
    listed = api.get("/jobs?kind=predict&model=iris").json["items"]
    assert [each["kind"] for each in listed] == ["predict"] * 3


@SQLITE
def test_a_clash_of_names_gets_a_number(api: Api) -> None:
    csv = "a,prediction,probability.x,probability.x_1,y\n" + "".join(
        f"{i},{i}.5,{i},{i},{'xy'[i % 2]}\n" for i in range(40)
    )
    api.upload(csv, "t")
    api.trained(dataset="t", model="m", target="y", features=["a"])
    _, result, rows = predicted(api, model="m", dataset="t")
    added = ["prediction_1", "probability.x_2", "probability.y"]
    assert list(rows[0]) == ["a", "prediction", "probability.x", "probability.x_1", "y", *added]
    # And the result can be predicted again.
    _, _, rows = predicted(api, model="m", dataset=result["id"])
    assert list(rows[0])[-3:] == ["prediction_2", "probability.x_3", "probability.y_1"]


def test_what_an_unfinished_prediction_needs_stays(api: Api) -> None:
    api.upload_iris()
    api.trained(dataset="iris", target="species")
    api.trained(dataset="iris", target="species", seed=1)
    job = ask(api, model="iris", dataset="iris", version=1).json
    for path, code in (
        ("/datasets/iris", "dataset_in_use"),
        ("/models/iris/versions/1", "version_in_use"),
        ("/models/iris", "version_in_use"),
    ):
        refused = api.delete(path)
        assert (refused.status_code, refused.json["code"]) == (409, code)
        assert job["id"] in refused.json["detail"]
    assert api.delete("/models/iris/versions/2").status_code == 204, "another version is free"
    api.run(job["id"])
    assert api.delete("/models/iris/versions/1").status_code == 204
    retried = api.post(f"/jobs/{job['id']}/retry")
    assert (retried.status_code, retried.json["code"]) == (404, "version_not_found")


@SQLITE
def test_the_version_is_the_one_of_the_moment_of_the_request(api: Api) -> None:
    api.upload_iris()
    api.trained(dataset="iris", target="species")
    asked = ask(api, model="iris", dataset="iris").json
    api.trained(dataset="iris", target="species", seed=1)
    assert api.run(asked["id"])["model"]["version"] == 1
    retried = api.post(f"/jobs/{asked['id']}/retry").json
    assert (retried["retry_of"], retried["model"]["version"]) == (asked["id"], 1)
    assert api.run(retried["id"])["status"] == "succeeded"


@SQLITE
def test_a_prediction_is_cancelled_and_keeps_nothing(api: Api) -> None:
    api.upload_iris()
    api.trained(dataset="iris", target="species")
    asked = ask(api, model="iris", dataset="iris").json
    refused = api.post(f"/jobs/{asked['id']}/cancel", json={"keep": "best"})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/keep")
    before = api.traces()
    with api.parts.database.write() as s:
        leases.claim(s, asked["id"], worker="other", lease_seconds=30)
    assert api.post(f"/jobs/{asked['id']}/cancel").json["cancel_requested"]
    with api.parts.database.write() as s:
        leases.give_back(s, leases.Fence(asked["id"], 1))
    ended = api.run(asked["id"])
    assert (ended["status"], ended["result"]) == ("cancelled", None)
    assert api.traces() == before


@SQLITE
def test_the_same_key_is_the_same_job(api: Api) -> None:
    api.upload_iris()
    api.trained(dataset="iris", target="species")
    body, headers = {"model": "iris", "dataset": "iris"}, {"Idempotency-Key": "once"}
    first, second = (api.post("/predict", json=body, headers=headers) for _ in range(2))
    assert (first.status_code, first.json["id"]) == (202, second.json["id"])
    assert first.headers["Location"] == f"/jobs/{first.json['id']}"
    other = api.post("/predict", json={**body, "name": "mine"}, headers=headers)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")


@SQLITE
def test_a_column_without_any_value_fits_whatever_the_model_takes(api: Api) -> None:
    api.upload(table(), "t")
    api.trained(dataset="t", model="m", epochs=2, target="kind", features=["size", "colour"])
    api.upload("size,colour\n" + ",\n" * 3 + "\n", "empty")
    _, _, rows = predicted(api, model="m", dataset="empty")
    answer = ask(api, model="m", rows=[[None, None]] * len(rows)).json
    assert [row["prediction"] for row in rows] == [each["label"] for each in answer["predictions"]]


@SQLITE
def test_its_events_end_with_the_result(api: Api) -> None:
    api.upload_iris()
    api.trained(dataset="iris", target="species")
    job, result, _ = predicted(api, model="iris", dataset="iris")
    stream = api.get(f"/jobs/{job['id']}/events", headers={"Last-Event-ID": "0"})
    assert stream.status_code in (200, 204)
    snapshot, newest = api.parts.feed.look("default", job["id"])
    assert (snapshot.status, newest, snapshot.data["result"]) == ("succeeded", 0, result["id"])
    assert snapshot.data["progress"]["fraction"] == 1.0


@SQLITE
def test_both_doors_take_it_alike(api: Api) -> None:
    api.upload_iris()
    api.trained(dataset="iris", target="species")
    headers = {"Content-Type": "application/json"}
    for dataset, status in (("iris", "202 ACCEPTED"), ("nothing", "404 NOT FOUND")):
        body = json.dumps({"model": "iris", "dataset": dataset}).encode()
        assert alike(api, "POST", "/predict", headers={**headers, "Idempotency-Key": dataset}, body=body)[0] == status
    assert len(api.get("/jobs?kind=predict").json["items"]) == 1
