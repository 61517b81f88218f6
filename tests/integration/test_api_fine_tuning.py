"""Trainings that begin with a version, folds, and importances, through the API."""

from __future__ import annotations

from typing import Any

import pytest
from safetensors.numpy import load

from store import registry
from tests.support.api import IRIS, SETOSA, Api

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
BODY: dict[str, Any] = {"dataset": "iris", "target": "species", "seed": 3}
NETWORK = {"hidden": [7], "activation": "tanh"}


def _weights(api: Api, model: str, version: int) -> dict[str, Any]:
    with api.parts.database.read() as s:
        return dict(load(registry.load_weights(s, registry.get_version(s, "default", model, version))))


@pytest.fixture
def tuned(api: Api) -> Api:
    """Iris, and one version of a model of it."""
    api.upload_iris()
    api.trained(**BODY, network=NETWORK, clip=3.0, epochs=30)
    return api


@pytest.mark.parametrize("optimizer", ["sgd", "lbfgs"])
def test_a_training_begins_where_the_version_ended(tuned: Api, optimizer: str) -> None:
    api = tuned
    other = api.upload(b"\n".join([*IRIS.read_bytes().splitlines()[::2], b""]), "half")
    steps: dict[str, Any] = {"name": "sgd", "learning_rate": 1e-9} if optimizer == "sgd" else {"name": "lbfgs"}
    job = api.trained(
        dataset="half", target="species", model="tuned", initialize_from={"model": "iris"}, optimizer=steps, epochs=1
    )
    assert job["config"]["initialize_from"] == {"model": "iris", "version": 1}
    shown = {name: job["config"][name] for name in ("features", "clip", "task")}
    first = api.get("/models/iris/versions/1").json
    assert shown == {name: first["config"][name] for name in shown}
    assert {name: job["config"]["network"][name] for name in NETWORK} == NETWORK
    before, after = _weights(api, "iris", 1), _weights(api, "tuned", 1)
    moved = max(float(abs(after[name] - before[name]).max()) for name in before)
    assert moved < 1e-6 if optimizer == "sgd" else 1e-6 < moved < 10
    with api.parts.database.read() as s:
        rows = [registry.get_version(s, "default", name, 1) for name in ("iris", "tuned")]
        assert rows[0].encoding == rows[1].encoding
        assert rows[0].target_encoding == rows[1].target_encoding
        assert rows[1].dataset["id"] == other["id"]
    assert api.get("/predict", query_string={"model": "tuned", **SETOSA}).json["predictions"][0]["label"] == "setosa"


def test_an_alias_is_resolved_when_the_job_is_asked_for(tuned: Api) -> None:
    job = tuned.train(**BODY, initialize_from={"model": "iris", "version": 1})
    assert job["config"]["initialize_from"]["version"] == 1
    assert tuned.delete("/models/iris/versions/1").status_code == 204
    ended = tuned.run(job["id"])
    assert (ended["status"], ended["error"]["code"]) == ("failed", "version_not_found")


REFUSED: dict[str, tuple[dict[str, Any], int, str, str]] = {
    "a model that is not there": (
        {"initialize_from": {"model": "irsi"}},
        404,
        "model_not_found",
        "/initialize_from/model",
    ),
    "a version that is not there": (
        {"initialize_from": {"model": "iris", "version": 9}},
        404,
        "version_not_found",
        "/initialize_from/version",
    ),
    "an alias that is not there": (
        {"initialize_from": {"model": "iris", "alias": "a"}},
        404,
        "alias_not_found",
        "/initialize_from/alias",
    ),
    "version beside alias": (
        {"initialize_from": {"model": "iris", "version": 1, "alias": "a"}},
        422,
        "invalid_value",
        "/initialize_from/alias",
    ),
    "other layers": ({"network": {"hidden": [8]}}, 422, "invalid_value", "/network/hidden"),
    "another activation": ({"network": {"activation": "relu"}}, 422, "invalid_value", "/network/activation"),
    "another clip": ({"clip": 5.0}, 422, "invalid_value", "/clip"),
    "other features": ({"features": ["sepal_length"]}, 422, "invalid_value", "/features"),
    "another target": ({"target": "sepal_width"}, 422, "task_mismatch", "/initialize_from"),
    "a dataset without a feature": ({"dataset": "narrow"}, 422, "invalid_value", "/initialize_from"),
    "a feature of another type": ({"dataset": "words"}, 422, "invalid_value", "/initialize_from"),
    "a class that it does not know": ({"dataset": "more"}, 422, "task_mismatch", "/target"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_differs_from_the_version_is_refused_by_its_field(tuned: Api, case: str) -> None:
    change, status, code, place = REFUSED[case]
    lines = IRIS.read_text().splitlines()
    if change.get("dataset") == "narrow":
        tuned.upload("\n".join(line.split(",", 1)[1] for line in lines), "narrow")
    if change.get("dataset") == "words":
        tuned.upload("\n".join([lines[0], *("w" + line for line in lines[1:])]), "words")
    if change.get("dataset") == "more":
        tuned.upload("\n".join([*lines, *["5.0,3.0,1.5,0.2,bluebell"] * 5]), "more")
    answer = tuned.post("/train", json={**BODY, "model": "m", "initialize_from": {"model": "iris"}, **change})
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    assert answer.json["errors"][0]["pointer"] == place


def test_a_loss_of_another_output_is_refused(api: Api) -> None:
    api.upload("a,b,c\n" + "".join(f"{n % 10},{n % 2},{n % 3 % 2}\n" for n in range(60)), "labels")
    body = {"dataset": "labels", "target": ["b", "c"], "features": ["a"]}
    api.trained(**body, task="multilabel")
    job = api.train(**body, initialize_from={"model": "labels"}, loss="mse")
    assert job["config"]["loss"] == "mse"  # sigmoid too
    answer = api.post(
        "/train", json={**body, "task": "regression", "model": "m", "initialize_from": {"model": "labels"}}
    )
    assert answer.json["code"] == "task_mismatch"


def test_folds_are_reported_on_the_job_and_leave_the_training_as_it_is(api: Api) -> None:
    api.upload_iris()
    plain = api.trained(**BODY, model="plain", epochs=15)
    folded = api.trained(**BODY, model="folded", epochs=15, cross_validation={"folds": 4}, test_fraction=0.2)
    assert plain["cross_validation"] is None
    assert folded["config"]["cross_validation"] == {"folds": 4}
    found = folded["cross_validation"]
    assert (found["folds"], found["score"], len(found["items"])) == (4, "accuracy", 4)
    assert [item["fold"] for item in found["items"]] == [1, 2, 3, 4]
    assert [item["rows"] for item in found["items"]] == [30, 30, 30, 30]  # 150 rows less 30 test rows
    scores = [item["accuracy"] for item in found["items"]]
    assert found["mean"] == pytest.approx(sum(scores) / 4)
    assert 0.3 < min(scores) <= max(scores) <= 1
    assert found["std"] > 0
    unfolded = api.trained(**BODY, model="unfolded", epochs=15, test_fraction=0.2)
    assert unfolded["cross_validation"] is None
    versions = [api.get(f"/models/{model}/versions/1").json for model in ("folded", "unfolded")]
    assert versions[0]["sha256"] == versions[1]["sha256"]


def test_folds_of_a_regression_are_fitted_on_their_own_rows(api: Api) -> None:
    api.upload("x,y\n" + "".join(f"{n % 17},{3 * (n % 17)}.5\n" for n in range(100)), "line")
    job = api.trained(dataset="line", target="y", epochs=60, cross_validation={"folds": 2})
    found = job["cross_validation"]
    assert found["score"] == "r2"
    assert found["mean"] > 0.8
    assert {item["mae"] > 0 for item in found["items"]} == {True}


@pytest.mark.parametrize(("folds", "code"), [(1, "out_of_range"), (21, "out_of_range"), (2, "not_enough_rows")])
def test_folds_that_cannot_be_are_refused(api: Api, folds: int, code: str) -> None:
    api.upload("x,y\n" + "".join(f"{n},{n}.5\n" for n in range(16)), "few")
    body = {"dataset": "few", "target": "y", "features": ["x"], "cross_validation": {"folds": folds}}
    answer = api.post("/train", json=body)
    assert (answer.status_code, answer.json["code"]) == (422, code)
    assert answer.json["errors"][0]["pointer"] == "/cross_validation/folds"


def test_a_version_knows_what_its_score_owes_to_each_feature(api: Api) -> None:
    random = [(n * 7919) % 101 for n in range(400)]
    rows = "".join(f"{n % 2},{random[n]},{'yes' if n % 2 else 'no'}\n" for n in range(400))
    api.upload("told,noise,y\n" + rows, "told")
    api.trained(dataset="told", target="y", features=["noise", "told"], epochs=20)
    found = api.get("/models/told/versions/1").json["importances"]
    assert (found["score"], found["rows"], found["repeats"]) == ("accuracy", 40, 5)
    first, second = found["items"]
    assert (first["feature"], second["feature"]) == ("told", "noise")
    assert first["importance"] > 0.3 > 0.1 > abs(second["importance"])
    api.trained(dataset="told", target="y", features=["noise", "told"], importance_repeats=0)
    api.trained(dataset="told", target="y", features=["noise", "told"], validation_fraction=0.0)
    assert [api.get(f"/models/told/versions/{n}").json["importances"] for n in (2, 3)] == [None, None]
