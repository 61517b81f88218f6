"""Metrics of versions side by side."""

from __future__ import annotations

from typing import Any

from tests.support.api import IRIS, Api
from tests.support.refusals import refused

QUICK = {"importance_repeats": 0, "network": {"hidden": [4]}}


def metric(answer: Any, name: str) -> Any:
    (found,) = (each for each in answer["metrics"] if each["metric"] == name)
    return found


def test_metrics_stand_side_by_side_and_against_the_champion(api: Api) -> None:
    api.upload_iris()
    for epochs, seed in ((1, 0), (60, 0), (1, 1)):
        api.trained(dataset="iris", target="species", epochs=epochs, seed=seed, **QUICK)
    file = api.get("/models/iris/versions/1/weights").data
    assert api.post("/models/iris/versions", data=file, content_type="application/octet-stream").status_code == 201
    own = {n: api.get(f"/models/iris/versions/{n}").json["metrics"]["validation"] for n in (1, 2, 3)}

    found = api.get("/models/iris/versions?compare=1").json
    assert found["reference"] == {"version": 3, "selected_by": "newest"}
    assert [each["version"] for each in found["versions"]] == [4, 3, 2, 1]
    assert [each["part"] for each in found["versions"]] == [None, "validation", "validation", "validation"]
    assert [each["same_rows"] for each in found["versions"]] == [False, True, False, False]
    assert [each["rows"] for each in found["versions"]] == [None, 15, 15, 15]

    assert api.client.put("/models/iris/aliases/champion", json={"version": 1}).status_code == 201
    found = api.get("/models/iris/versions?compare=1").json
    assert found["reference"] == {"version": 1, "selected_by": "champion"}
    assert [each["same_rows"] for each in found["versions"]] == [False, False, True, True]
    loss = metric(found, "log_loss")
    values = {each["version"]: each for each in loss["values"]}
    assert {n: each["value"] for n, each in values.items()} == {4: None, **{n: own[n]["log_loss"] for n in own}}
    assert (loss["direction"], loss["best"]) == ("minimize", [2])
    assert values[2]["difference"] == own[2]["log_loss"] - own[1]["log_loss"] < 0
    assert values[2]["improvement"] == -values[2]["difference"]
    assert (values[1]["difference"], values[4]["difference"]) == (0, None)
    assert metric(found, "accuracy")["direction"] == "maximize"
    assert "confusion_matrix" not in {each["metric"] for each in found["metrics"]}

    some = api.get("/models/iris/versions?compare=true&versions=3,2").json
    assert [each["version"] for each in some["versions"]] == [3, 2]
    assert some["reference"]["version"] == 1  # though it is not among them
    assert metric(some, "log_loss")["values"][1] == values[2]
    plain = api.get("/models/iris/versions?versions=1,3&limit=1").json
    assert [each["version"] for each in plain["items"]] == [3]
    rest = api.get(f"/models/iris/versions?versions=1,3&cursor={plain['next_cursor']}").json
    assert [each["version"] for each in rest["items"]] == [1]

    path = "/models/iris/versions"
    refused(api.get(f"{path}?versions=1,9"), 404, "version_not_found", parameter="versions")
    for bad in ("", "0", "1,", "a", "1.0", "-1", ",".join(["1"] * 101)):
        refused(api.get(f"{path}?versions={bad}"), 422, "invalid_value", parameter="versions")
    refused(api.get(f"{path}?compare=maybe"), 422, "invalid_value", parameter="compare")
    cursor = plain["next_cursor"]
    refused(api.get(f"{path}?compare=1&cursor={cursor}"), 422, "unknown_parameter", parameter="cursor")
    refused(api.get("/models/none/versions?compare=1"), 404, "model_not_found")


def test_test_rows_are_compared_where_all_have_them_and_targets_one_by_one(api: Api) -> None:
    lines = IRIS.read_text().splitlines()
    api.upload("\n".join([lines[0], *lines[1:] * 2]), "twice")
    body = {"dataset": "twice", "target": ["sepal_length", "sepal_width"], "task": "regression", "model": "size"}
    api.trained(**body, epochs=1, **QUICK)
    api.trained(**body, epochs=20, **QUICK)
    found = api.get("/models/size/versions?compare=1").json
    assert [(each["part"], each["rows"], each["same_rows"]) for each in found["versions"]] == [("test", 45, True)] * 2
    names = [each["metric"] for each in found["metrics"]]
    assert names[:4] == ["r2", *(f"targets.sepal_length.{name}" for name in ("r2", "rmse", "mae"))]
    assert metric(found, "targets.sepal_length.rmse")["best"] == [2]
    api.trained(**body, epochs=1, test_fraction=0, **QUICK)
    found = api.get("/models/size/versions?compare=1").json
    assert {each["part"] for each in found["versions"]} == {"validation"}
