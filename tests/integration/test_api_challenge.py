"""An alias that moves only to what is better."""

from __future__ import annotations

import re
import threading
from typing import Any

import numpy as np
import pytest

from service import challenge, scoring
from tests.support.api import IRIS, Api
from tests.support.refusals import refused

PATH = "/models/iris/aliases/champion"
QUICK = {"importance_repeats": 0, "network": {"hidden": [4]}}
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def furnish(api: Api) -> None:
    """Versions 1 (poor), 2 (good), 3 (of another split), 4 (imported); the champion is 1."""
    api.upload_iris()
    for epochs, seed in ((1, 0), (60, 0), (1, 1)):
        api.trained(dataset="iris", target="species", epochs=epochs, seed=seed, **QUICK)
    file = api.get("/models/iris/versions/2/weights").data
    assert api.post("/models/iris/versions", data=file, content_type="application/octet-stream").status_code == 201
    assert api.client.put(PATH, json={"version": 1}).json["moved"]


def challenged(api: Api, version: int, path: str = PATH, **body: Any) -> Any:
    asked = {"version": version, "if_better_than": "champion", "metric": "log_loss", **body}
    return api.client.put(path, json=asked)


def scored(api: Api, version: int) -> float:
    """The version's accuracy on iris, by way of its predictions."""
    rows = api.get("/datasets/iris/rows?limit=500").json["items"]
    answer = api.post("/predict", json={"model": "iris", "version": version, "records": rows}).json
    right = [row["species"] == each["label"] for row, each in zip(rows, answer["predictions"], strict=True)]
    return sum(right) / len(right)


def test_an_alias_moves_only_to_a_version_that_is_better(api: Api) -> None:
    furnish(api)
    answer = challenged(api, 2, dataset="iris", metric="accuracy")
    assert (answer.status_code, answer.json["moved"], answer.json["version"]) == (200, True, 2)
    found = answer.json["comparison"]
    assert (found["on"], found["rows"], found["direction"]) == ("dataset", 150, "maximize")
    assert found["dataset"]["id"] == api.get("/datasets/iris").json["id"]
    assert found["challenger"] == {"version": 2, "score": pytest.approx(scored(api, 2))}
    assert found["incumbent"] == {"version": 1, "score": pytest.approx(scored(api, 1))}
    reason = api.get(f"{PATH}/history").json["items"][0]["reason"]
    assert re.fullmatch(r"accuracy 0\.\d+ against 0\.\d+ of version 1, on 150 rows of iris@1", reason)

    for version, dataset in ((1, "iris"), (2, "iris@1"), (3, "iris")):  # worse, itself, worse
        answer = challenged(api, version, dataset=dataset)
        assert (answer.status_code, answer.json["moved"], answer.json["version"]) == (200, False, 2)
        assert answer.json["comparison"]["improvement"] <= 0
    assert len(api.get(f"{PATH}/history").json["items"]) == 2

    # The import is version 2's own network: to the bit as good, and no better.
    same = challenged(api, 4, dataset="iris").json
    assert (same["moved"], same["comparison"]["improvement"]) == (False, 0)

    # By what both brought along; and by a margin that is not reached.
    assert api.client.put(PATH, json={"version": 1}).json["comparison"] is None
    answer = challenged(api, 2, min_improvement=1e6).json
    assert (answer["moved"], answer["comparison"]["on"], answer["comparison"]["rows"]) == (False, "validation", 15)
    assert answer["comparison"]["improvement"] > 0
    stored = [api.get(f"/models/iris/versions/{n}").json["metrics"]["validation"]["log_loss"] for n in (2, 1)]
    assert [answer["comparison"][who]["score"] for who in ("challenger", "incumbent")] == stored
    answer = challenged(api, 2, reason="on trial", path="/models/iris/aliases/stage")
    assert (answer.status_code, answer.json["version"]) == (201, 2)
    assert api.get("/models/iris/aliases/stage/history").json["items"][0]["reason"] == "on trial"
    answer = challenged(api, 1, path="/models/iris/aliases/other")
    assert (answer.status_code, answer.json["version"], answer.json["updated_at"]) == (200, None, None)


@SQLITE
def test_what_cannot_be_compared_is_refused_by_its_field(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    furnish(api)
    lines = IRIS.read_text().splitlines()
    api.upload("\n".join([lines[0].replace("petal_width", "width"), *lines[1:]]), "other")
    api.upload("\n".join([lines[0], *(line.replace("virginica", "iris4") for line in lines[1:])]), "classes")
    api.upload("\n".join([lines[0], *("big" + line[line.index(",") :] for line in lines[1:])]), "words")
    before = api.get(f"{PATH}/history").json
    for body, status, code, pointer in (
        ({"if_better_than": None}, 422, "missing_field", "/if_better_than"),
        ({"metric": None}, 422, "missing_field", "/metric"),
        ({"metric": "log_los"}, 422, "invalid_value", "/metric"),
        ({"metric": "rmse"}, 422, "invalid_value", "/metric"),
        ({"metric": "confusion_matrix"}, 422, "invalid_value", "/metric"),
        ({"min_improvement": -1}, 422, "out_of_range", "/min_improvement"),
        ({"if_better_than": "none"}, 404, "alias_not_found", "/if_better_than"),
        ({"if_better_than": "a\0"}, 404, "alias_not_found", "/if_better_than"),
        ({"dataset": "none"}, 404, "dataset_not_found", "/dataset"),
        ({"dataset": "a\0"}, 404, "dataset_not_found", "/dataset"),
        ({"dataset": "other"}, 422, "invalid_value", "/dataset"),
        ({"dataset": "classes"}, 422, "invalid_value", "/dataset"),
        ({"dataset": "words"}, 422, "invalid_value", "/dataset"),
        ({"version": 9}, 404, "version_not_found", "/version"),
        ({"version": 3}, 422, "not_comparable", "/dataset"),
        ({"version": 4}, 422, "not_comparable", "/dataset"),
    ):
        body = {"version": 2, **body}
        refused(challenged(api, body.pop("version"), **body), status, code, pointer=pointer)
    listed = challenged(api, 2, metric="log_los").json["detail"]
    assert "accuracy, balanced_accuracy" in listed
    assert "Did you mean 'log_loss'?" in listed
    assert "petal_width" in challenged(api, 2, dataset="other").json["detail"]
    assert "iris4" in challenged(api, 2, dataset="classes").json["detail"]
    monkeypatch.setattr(scoring, "MOST_WORK", 100)
    refused(challenged(api, 2, dataset="iris"), 422, "too_many_rows", pointer="/dataset")
    assert api.get(f"{PATH}/history").json == before


@SQLITE
def test_a_table_that_is_too_long_or_without_targets_is_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    furnish(api)
    header, *lines = IRIS.read_text().splitlines()
    # A species in no row would make the column empty; of the wrong type it would be refused before.
    schema = {"name": "empty", "columns": [*header.split(",")[:-1], {"name": "species", "type": "category"}]}
    rows = [[*map(float, line.split(",")[:4]), None] for line in lines]
    assert api.post("/datasets", json={**schema, "rows": rows}).status_code == 201
    refused(challenged(api, 2, dataset="empty"), 422, "no_rows", pointer="/dataset")
    some = api.upload("\n".join([header, *lines[:60], *(f"{line.rpartition(',')[0]}," for line in lines[60:])]), "some")
    assert challenged(api, 2, dataset="some").json["comparison"]["rows"] == 60
    monkeypatch.setitem(api.parts.settings.__dict__, "max_compare_rows", some["rows"] - 1)
    refused(challenged(api, 2, dataset="some"), 422, "too_many_rows", pointer="/dataset")


def _tasks() -> dict[str, dict[str, Any]]:
    return {
        "accuracy": {"target": "open"},  # booleans
        "brier_score": {"target": "grade"},  # integers
        "rmse": {"target": "value"},
        "targets.value.mae": {"target": ["value", "width"], "task": "regression"},
        "hamming_loss": {"target": ["flag", "open"], "task": "multilabel"},
        "cross_entropy": {"target": ["p", "q"], "task": "distribution"},
    }


def _mixed_table() -> str:
    random = np.random.default_rng(5)
    lines = ["width,count,flag,colour,grade,open,value,p,q"]
    for row in range(60):
        width, share = random.normal(), random.uniform()
        cells = [f"{width:.4f}", row % 5, ["true", "false"][row % 2], ["red", "blue", ""][row % 3], row % 3 + 1]
        targets = ["true" if width > 0.3 else "false", f"{10 * width:.3f}", f"{share:.6f}", f"{1 - share:.6f}"]
        lines.append(",".join(map(str, cells + targets)))
    lines += ["0.5,1,true,red,,,,,"] * 3  # without any target
    return "\n".join(lines) + "\n"


@SQLITE
def test_what_a_version_scores_on_its_own_table_is_what_its_training_said(api: Api) -> None:
    """Trained on all rows, its metrics of the training rows are those of the table."""
    api.upload(_mixed_table(), "mixed")
    for metric, asked in _tasks().items():
        model = metric.replace(".", "-")
        for epochs in (1, 4):
            api.trained(
                dataset="mixed",
                model=model,
                features=["count", "colour"],
                epochs=epochs,
                validation_fraction=0,
                test_fraction=0,
                early_stopping=None,
                **asked,
                **QUICK,
            )
        path = f"/models/{model}/aliases/champion"
        assert api.client.put(path, json={"version": 1}).status_code == 201
        body = {"version": 2, "if_better_than": "champion", "metric": metric, "dataset": "mixed"}
        answer = api.client.put(path, json=body)
        assert answer.status_code == 200, answer.text
        found = answer.json["comparison"]
        assert found["rows"] == 60
        for who in ("incumbent", "challenger"):
            metrics = api.get(f"/models/{model}/versions/{found[who]['version']}").json["metrics"]["train"]
            for key in metric.split("."):
                metrics = metrics[key]
            assert found[who]["score"] == pytest.approx(metrics, rel=1e-6), metric
        lower = metric not in ("accuracy",)
        gain = found["incumbent"]["score"] - found["challenger"]["score"]
        assert found["improvement"] == (gain if lower else -gain)
        assert answer.json["moved"] == (found["improvement"] > 0)
        # Its metrics are of rows that it learnt from: they do not count.
        del body["dataset"]
        refused(api.client.put(path, json={**body, "version": 1}), 422, "not_comparable", pointer="/dataset")
    api.upload("count,colour,value\n1,red,2\n3,blue,2\n", "constant")
    body = {"version": 1, "if_better_than": "champion", "metric": "r2", "dataset": "constant"}
    undefined = api.client.put("/models/rmse/aliases/champion", json=body)
    refused(undefined, 422, "not_comparable", pointer="/metric")


def test_an_alias_that_moves_while_it_is_compared_is_not_moved_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    furnish(api)
    scores, compared, moved = challenge.scores, threading.Event(), threading.Event()

    def slow(*given: Any, **options: Any) -> Any:
        found = scores(*given, **options)
        compared.set()
        assert moved.wait(60)
        return found

    monkeypatch.setattr(challenge, "scores", slow)
    answers: list[Any] = []
    asker = threading.Thread(
        target=lambda: answers.append(
            api.app.test_client().put(
                PATH, json={"version": 2, "if_better_than": "champion", "metric": "log_loss", "dataset": "iris"}
            )
        )
    )
    asker.start()
    assert compared.wait(60)
    assert api.client.put(PATH, json={"version": 3}).json["moved"]
    moved.set()
    asker.join(60)
    refused(answers[0], 409, "alias_moved", parameter="alias")
    assert [each["version"] for each in api.get(f"{PATH}/history").json["items"]] == [3, 1]
