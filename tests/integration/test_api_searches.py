"""Searches through the API: asked for, followed, listed, cancelled, retried, deleted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.test_api_events import Stream
from tests.support.api import SETOSA, Api
from tests.support.workers import wait_until

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SPACE: dict[str, Any] = {
    "optimizer.learning_rate": {"type": "float", "low": 1e-3, "high": 1e-1, "log": True},
    "network.hidden": {"type": "choice", "choices": [[4], [8, 4]]},
    "batch_size": {"type": "int", "low": 8, "high": 64, "log": True},
}
BODY: dict[str, Any] = {"dataset": "iris", "target": "species", "epochs": 4}


def submit(api: Api, **search: Any) -> dict[str, Any]:
    """Ask for a search; its job."""
    return api.train(**BODY, search={"trials": 5, "space": SPACE, **search})


def trials_of(api: Api, job: dict[str, Any]) -> list[dict[str, Any]]:
    """The table of trials."""
    answer = api.get(job["links"]["trials"])
    assert answer.status_code == 200, answer.text
    return list(answer.json["items"])


def test_a_search_goes_in_and_its_best_trial_answers(api: Api) -> None:
    api.upload_iris()
    job = submit(api)
    assert (job["kind"], job["status"], job["trial"]) == ("search", "running", None)
    assert job["search"] == {
        "metric": "validation_loss",
        "direction": "minimize",
        "sampler": "tpe",
        "pruner": None,
        "trials": 5,
        "parallelism": 2,
        "best_trial": None,
        "best_value": None,
    }
    assert job["progress"] == {**job["progress"], "epoch": 0, "epochs": 5, "fraction": 0.0}
    assert job["config"]["search"]["space"] == SPACE | {
        "network.hidden": {"type": "choice", "choices": [[4], [8, 4]]},
    }
    ended = api.run(job["id"])
    assert (ended["status"], ended["model"]) == ("succeeded", {"name": "iris", "version": 1})
    assert (ended["progress"]["epoch"], ended["progress"]["fraction"]) == (5, 1.0)
    trials = trials_of(api, job)
    assert [trial["number"] for trial in trials] == [0, 1, 2, 3, 4]
    assert {trial["state"] for trial in trials} == {"complete"}
    assert all(set(trial["params"]) == set(SPACE) for trial in trials)
    best = min(trials, key=lambda trial: trial["value"])
    assert (ended["search"]["best_trial"], ended["search"]["best_value"]) == (best["number"], best["value"])
    assert ended["best_epoch"] == best["best_epoch"]
    version = api.get("/models/iris/versions/1").json
    assert (version["source"], version["job"]) == ("trained", job["id"])
    assert version["config"]["network"]["hidden"] == best["params"]["network.hidden"]
    assert version["config"]["batch_size"] == best["params"]["batch_size"]
    assert version["config"]["optimizer"]["learning_rate"] == best["params"]["optimizer.learning_rate"]
    answer = api.get(ended["links"]["predict"]).json
    assert (answer["version"], answer["predictions"][0]["label"] in ("setosa", "versicolor", "virginica")) == (1, True)
    assert api.get("/predict", query_string={"model": "iris", **SETOSA}).json["selected_by"] == "newest"
    assert [item["version"] for item in api.get("/models/iris/versions").json["items"]] == [1]


def test_a_trial_is_a_job_that_says_whose_it_is(api: Api) -> None:
    api.upload_iris()
    job = api.run(submit(api)["id"])
    row = trials_of(api, job)[3]
    trial = api.get(f"/jobs/{row['job']}").json
    assert (trial["kind"], trial["search"], trial["model"]["version"]) == ("train", None, None)
    assert trial["trial"] == {"search": job["id"], "number": 3, "value": row["value"], "params": row["params"]}
    assert trial["links"]["search"] == f"/jobs/{job['id']}"
    assert trial["links"]["predict"] is None
    history = api.get(f"/jobs/{row['job']}/history").json["items"]
    assert row["value"] == min(item["validation_loss"] for item in history)
    kinds = [item["id"] for item in api.get("/jobs?kind=search").json["items"]]
    assert kinds == [job["id"]]
    assert len(api.get("/jobs?kind=train").json["items"]) == 5
    assert api.get(f"/jobs/{job['id']}/history").json["items"] == []


@SQLITE
def test_trials_are_paged_by_their_number(api: Api) -> None:
    api.upload_iris()
    job = api.run(submit(api, trials=7)["id"])
    found: list[int] = []
    cursor: dict[str, str] = {}
    for _ in range(4):
        page = api.get(f"/jobs/{job['id']}/trials", query_string={"limit": 2, **cursor}).json
        found += [item["number"] for item in page["items"]]
        cursor = {"cursor": page["next_cursor"]}
    assert found == list(range(7))
    assert page["next_cursor"] is None
    assert api.get(f"/jobs/{job['id']}/trials?limit=7").json["next_cursor"] is None


@SQLITE
def test_without_a_space_the_usual_one_is_searched_less_what_is_given(api: Api) -> None:
    api.upload_iris()
    job = api.train(**BODY, search={"trials": 1}, batch_size=16, network={"hidden": [4]})
    assert set(job["config"]["search"]["space"]) == {"optimizer.learning_rate", "network.dropout", "l2"}
    (trial,) = trials_of(api, api.run(job["id"]))
    config = api.get(f"/jobs/{trial['job']}").json["config"]
    assert (config["batch_size"], config["network"]["hidden"]) == (16, [4])
    assert config["l2"] == trial["params"]["l2"]
    whole = api.train(**BODY, search={"trials": 1})
    assert len(whole["config"]["search"]["space"]) == 5
    beside_lbfgs = api.train(**BODY, search={"trials": 1}, optimizer={"name": "lbfgs"})
    assert set(beside_lbfgs["config"]["search"]["space"]) == {"network.hidden", "l2"}


@SQLITE
@pytest.mark.parametrize(
    ("change", "metric", "direction"),
    [
        ({}, "validation_loss", "minimize"),
        ({"search": {"metric": "validation_macro_f1"}}, "validation_macro_f1", "maximize"),
        ({"early_stopping": {"metric": "validation_score"}, "search": {}}, "validation_score", "maximize"),
        ({"early_stopping": None, "search": {"metric": "validation_score"}}, "validation_score", "maximize"),
        ({"validation_fraction": 0, "search": {}}, "train_loss", "minimize"),
    ],
)
def test_what_is_compared_is_what_early_stopping_watches(
    api: Api, change: dict[str, Any], metric: str, direction: str
) -> None:
    api.upload_iris()
    job = api.train(**BODY, **{**change, "search": {"trials": 2, **change.get("search", {})}})
    assert (job["search"]["metric"], job["search"]["direction"]) == (metric, direction)
    ended = api.run(job["id"])
    assert ended["status"] == "succeeded"
    better = min if direction == "minimize" else max
    assert ended["search"]["best_value"] == better(trial["value"] for trial in trials_of(api, job))


def test_the_events_of_a_search_tell_of_its_trials_and_end_with_its_end(api: Api) -> None:
    api.upload_iris()
    job = submit(api)
    stream = Stream(api, job["id"])
    wait_until(stream.events, what="the first status")
    api.run(job["id"])
    found = stream.finish()
    assert {name for name, _, _ in found} == {"status"}
    counts = [data["progress"]["epoch"] for _, _, data in found]
    assert counts == sorted(counts)
    assert (found[0][2]["status"], found[-1][2]["status"], counts[-1]) == ("running", "succeeded", 5)
    assert found[-1][2]["model"] == {"name": "iris", "version": 1}


def test_a_search_is_cancelled_with_its_trials_and_may_keep_its_best(api: Api) -> None:
    api.upload_iris()
    for keep in (None, "best"):
        job = submit(api, trials=9, parallelism=3)
        path = f"/jobs/{job['id']}"
        api.hear(job["id"])
        for trial in trials_of(api, job)[:2]:
            api.hear(trial["job"])
        refused = api.post(f"{path}/cancel", json={"keep": "last"})
        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/keep")
        answer = api.post(f"{path}/cancel", json={"keep": keep})
        assert (answer.status_code, answer.json["status"]) == (202, "cancelled")
        assert [trial["state"] for trial in trials_of(api, job)] == ["complete", "complete", *["cancelled"] * 3]
        assert answer.json["model"]["version"] == (None if keep is None else 1)
        assert api.post(f"{path}/cancel").json["code"] == "job_ended"
    version = api.get("/models/iris/versions/1").json
    assert (version["source"], version["job"]) == ("kept", job["id"])


def test_one_trial_is_cancelled_and_the_search_goes_on(api: Api) -> None:
    api.upload_iris()
    job = submit(api, trials=3, parallelism=1)
    api.hear(job["id"])
    (first,) = trials_of(api, job)
    assert api.post(f"/jobs/{first['job']}/cancel").json["status"] == "cancelled"
    api.hear(job["id"])  # the message that the cancel sent
    ended = api.run(job["id"])
    assert ended["status"] == "succeeded"
    assert [trial["state"] for trial in trials_of(api, job)] == ["cancelled", "complete", "complete"]


def test_a_search_is_retried_as_a_new_one_and_a_trial_as_a_training(api: Api) -> None:
    api.upload_iris()
    job = submit(api)
    assert api.post(f"/jobs/{job['id']}/retry").json["code"] == "job_not_ended"
    api.run(job["id"])
    again = api.post(f"/jobs/{job['id']}/retry").json
    assert (again["kind"], again["retry_of"], again["status"]) == ("search", job["id"], "running")
    assert api.run(again["id"])["model"]["version"] == 2
    row = trials_of(api, job)[1]
    alone = api.post(f"/jobs/{row['job']}/retry").json
    assert (alone["trial"], alone["retry_of"]) == (None, row["job"])
    assert api.run(alone["id"])["model"]["version"] == 3
    version = api.get("/models/iris/versions/3").json
    assert version["config"]["batch_size"] == row["params"]["batch_size"]


def test_a_search_is_deleted_with_its_trials_and_no_trial_before_it(api: Api) -> None:
    dataset = api.upload_iris()
    job = submit(api, parallelism=1)
    path = f"/jobs/{job['id']}"
    api.hear(job["id"])
    first = trials_of(api, job)[0]["job"]
    api.hear(first)
    assert api.delete(path).json["code"] == "job_not_ended"
    assert api.delete(f"/jobs/{first}").json["code"] == "job_not_ended"
    assert api.delete(f"/datasets/{dataset['id']}").json["code"] == "dataset_in_use"
    api.run(job["id"])
    assert api.delete(f"/jobs/{first}").status_code == 204
    assert [trial["number"] for trial in trials_of(api, job)] == [1, 2, 3, 4]
    assert api.delete(path).status_code == 204
    assert api.get("/jobs").json["items"] == []
    assert api.get(f"{path}/trials").json["code"] == "job_not_found"
    assert api.get("/predict", query_string={"model": "iris", **SETOSA}).status_code == 200
    assert api.delete("/models/iris").status_code == 204
    assert api.traces() == {**dict.fromkeys(api.traces(), 0), "datasets": 1, "files": 1, "models": 1}


@SQLITE
def test_the_same_idempotency_key_gives_the_same_search(api: Api) -> None:
    api.upload_iris()
    headers = {"Idempotency-Key": "once"}
    body = {**BODY, "search": {"trials": 2}}
    first = api.post("/train", json=body, headers=headers).json
    api.run(first["id"])
    assert api.post("/train", json=body, headers=headers).json["id"] == first["id"]
    other = api.post("/train", json={**BODY, "search": {"trials": 3}}, headers=headers)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")
    assert len(api.get("/jobs?kind=search").json["items"]) == 1


@SQLITE
def test_a_search_can_begin_with_a_version(api: Api) -> None:
    api.upload_iris()
    api.trained(**BODY)
    job = api.train(**BODY, initialize_from={"model": "iris", "version": 1}, search={"trials": 2})
    assert set(job["config"]["search"]["space"]) == {"optimizer.learning_rate", "network.dropout", "l2", "batch_size"}
    assert api.run(job["id"])["model"]["version"] == 2


@SQLITE
@pytest.mark.parametrize("task", ["regression", "distribution"])
def test_other_tasks_are_searched_too(api: Api, task: str) -> None:
    api.upload("x,p,q\n" + "".join(f"{n % 9},{n % 5 / 5},{1 - n % 5 / 5}\n" for n in range(60)), "t")
    target = "p" if task == "regression" else ["p", "q"]
    job = api.train(dataset="t", target=target, task=task, epochs=3, search={"trials": 2}, model="m")
    assert api.run(job["id"])["status"] == "succeeded"
