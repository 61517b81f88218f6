"""Every bad request to train is a problem with its code and place, and leaves nothing behind."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import SETOSA, Api
from tests.support.refusals import IRIS_BODY, refused

pytestmark = pytest.mark.usefixtures("nothing_is_left_behind")


TRAININGS: dict[str, tuple[dict[str, Any], int, str, str]] = {
    "unknown dataset": ({"dataset": "irsi"}, 404, "dataset_not_found", "/dataset"),
    "dataset by a name that cannot be": ({"dataset": "a\u0000b"}, 404, "dataset_not_found", "/dataset"),
    "unknown dataset version": ({"dataset": "iris@9"}, 404, "dataset_not_found", "/dataset"),
    "unknown target": ({"target": "specis"}, 404, "target_not_found", "/target"),
    "unknown target in a list": (
        {"target": ["sepal_length", "x"], "task": "regression"},
        404,
        "target_not_found",
        "/target/1",
    ),
    "unknown feature": ({"features": ["sepal_length", "x"]}, 404, "column_not_found", "/features/1"),
    "the target as a feature": ({"features": ["species"]}, 422, "invalid_value", "/features/0"),
    "a feature twice": ({"features": ["sepal_length", "sepal_length"]}, 422, "invalid_value", "/features/1"),
    "no features": ({"features": []}, 422, "out_of_range", "/features"),
    "no targets": ({"target": [], "task": "regression"}, 422, "out_of_range", "/target"),
    "a list of targets without a task": ({"target": ["sepal_length", "sepal_width"]}, 422, "missing_field", "/task"),
    "one class": ({"dataset": "one_class", "target": "kind"}, 422, "one_class", "/target"),
    "fewer than 10 rows": ({"dataset": "small", "target": "kind"}, 422, "not_enough_rows", "/target"),
    "too many classes": (
        {"dataset": "numbers", "target": "b", "task": "classification"},
        422,
        "too_many_classes",
        "/target",
    ),
    "regression of a category": ({"task": "regression"}, 422, "task_mismatch", "/target"),
    "multilabel of other numbers": (
        {"dataset": "numbers", "target": ["a"], "task": "multilabel"},
        422,
        "task_mismatch",
        "/target",
    ),
    "unknown task": ({"task": "clasification"}, 422, "invalid_value", "/task"),
    "bad model name": ({"model": "a b"}, 422, "invalid_name", "/model"),
    "unknown field": ({"optimiser": {}}, 422, "unknown_field", "/optimiser"),
    "unknown field within": ({"network": {"hiden": [3]}}, 422, "unknown_field", "/network/hiden"),
    "hidden size 0": ({"network": {"hidden": [0]}}, 422, "invalid_configuration", "/network/hidden/0"),
    "hidden size −1": ({"network": {"hidden": [8, -1]}}, 422, "invalid_configuration", "/network/hidden/1"),
    "hidden size 10⁹": ({"network": {"hidden": [10**9]}}, 422, "invalid_configuration", "/network/hidden/0"),
    "10,000 layers": ({"network": {"hidden": [1] * 10_000}}, 422, "invalid_configuration", "/network/hidden"),
    "a huge network": ({"network": {"hidden": [65_536, 65_536]}}, 422, "invalid_configuration", "/network/hidden"),
    "learning rate 0": ({"optimizer": {"learning_rate": 0}}, 422, "invalid_configuration", "/optimizer/learning_rate"),
    "learning rate −1": (
        {"optimizer": {"learning_rate": -1}},
        422,
        "invalid_configuration",
        "/optimizer/learning_rate",
    ),
    "momentum with adam": ({"optimizer": {"momentum": 0.9}}, 422, "invalid_configuration", "/optimizer/momentum"),
    "no momentum, with adam": ({"optimizer": {"momentum": 0}}, 422, "invalid_configuration", "/optimizer/momentum"),
    "nesterov with adam": ({"optimizer": {"nesterov": False}}, 422, "invalid_configuration", "/optimizer/nesterov"),
    "beta_1 with sgd": (
        {"optimizer": {"name": "sgd", "beta_1": 0.9}},
        422,
        "invalid_configuration",
        "/optimizer/beta_1",
    ),
    "an unknown optimizer": ({"optimizer": {"name": "rms"}}, 422, "invalid_configuration", "/optimizer/name"),
    "unknown activation": ({"network": {"activation": "rleu"}}, 422, "invalid_configuration", "/network/activation"),
    "a loss that does not fit": ({"loss": "binary_cross_entropy"}, 422, "invalid_configuration", "/loss"),
    "a boolean for a number": ({"epochs": True}, 422, "wrong_type", "/epochs"),
    "a boolean for a fraction": ({"l2": False}, 422, "wrong_type", "/l2"),
    "a string for a number": ({"epochs": "3"}, 422, "wrong_type", "/epochs"),
    "a string for a learning rate": (
        {"optimizer": {"learning_rate": "0.1"}},
        422,
        "wrong_type",
        "/optimizer/learning_rate",
    ),
    "a fraction for an integer": ({"batch_size": 1.5}, 422, "wrong_type", "/batch_size"),
    "a number for a string": ({"target": 5}, 422, "wrong_type", "/target"),
    "a number among targets": ({"target": ["sepal_length", 5], "task": "regression"}, 422, "wrong_type", "/target/1"),
    "null for a number": ({"epochs": None}, 422, "wrong_type", "/epochs"),
    "a list for an object": ({"network": [128]}, 422, "wrong_type", "/network"),
    "a fraction over 1": ({"test_fraction": 1.5}, 422, "invalid_configuration", "/test_fraction"),
}


@pytest.mark.parametrize("case", TRAININGS)
def test_a_bad_training_is_refused(refusing: Api, case: str) -> None:
    change, status, code, place = TRAININGS[case]
    refused(refusing.post("/train", json={**IRIS_BODY, **change}), status, code, pointer=place)


@pytest.mark.parametrize("missing", ["dataset", "target"])
def test_a_training_without_a_required_field_is_refused(refusing: Api, missing: str) -> None:
    body = {name: value for name, value in IRIS_BODY.items() if name != missing}
    refused(refusing.post("/train", json=body), 422, "missing_field", pointer=f"/{missing}")


def test_a_misspelt_name_is_met_with_the_nearest(refusing: Api) -> None:
    for change, nearest in (({"dataset": "irsi"}, "iris"), ({"target": "specis"}, "species"), ({"epoch": 3}, "epochs")):
        problem = refusing.post("/train", json={**IRIS_BODY, **change}).json
        assert f"Did you mean {nearest!r}?" in problem["errors"][0]["detail"]
    feature = refusing.get("/predict", query_string={"model": "iris", **SETOSA, "sepal_lenght": 1}).json
    assert "Did you mean 'sepal_length'?" in feature["errors"][0]["detail"]
