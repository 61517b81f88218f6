"""The options of a training through the API: what is asked for is shown, is done, and is refused by its field."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.support.api import Api

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NUMBERS = "a,b,c\n" + "".join(f"{n % 13},{n % 7},{(n % 13) - 2 * (n % 7)}.5\n" for n in range(60))

OPTIONS: dict[str, dict[str, Any]] = {
    "input dropout": {"network": {"hidden": [8], "activation": "relu", "dropout": 0.1, "input_dropout": 0.2}},
    "label smoothing": {"label_smoothing": 0.1},
    "adamw": {"optimizer": {"name": "adamw", "learning_rate": 0.01, "weight_decay": 0.1}},
    "lbfgs": {"optimizer": {"name": "lbfgs", "learning_rate": 1.0}},
    "penalties and limits": {"l1": 0.01, "l2": 0.02, "max_norm": 2.0, "max_gradient_norm": 1.0},
}


@pytest.mark.parametrize("case", OPTIONS)
def test_an_option_is_shown_as_it_was_asked_for_and_trains(api: Api, case: str) -> None:
    api.upload_iris()
    job = api.trained(dataset="iris", target="species", epochs=2, **OPTIONS[case])
    for name, value in OPTIONS[case].items():
        shown = job["config"][name]
        assert (shown | value if isinstance(value, dict) else value) == shown
    assert api.get("/models/iris/versions/1").json["config"] == job["config"]


@pytest.mark.parametrize("loss", ["mae", "huber"])
def test_a_robust_loss_of_a_regression_trains(api: Api, loss: str) -> None:
    api.upload(NUMBERS, "numbers")
    job = api.trained(dataset="numbers", target="c", loss=loss, epochs=2)
    assert (job["config"]["loss"], job["config"]["huber_delta"]) == (loss, 1.0 if loss == "huber" else None)
    assert job["latest"]["validation_loss"] > 0


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a loss of another task": ({"loss": "huber"}, "/loss"),
    "a delta without huber": ({"huber_delta": 2.0}, "/huber_delta"),
    "smoothing of mse": ({"loss": "mse", "label_smoothing": 0.1}, "/label_smoothing"),
    "decay with adam": ({"optimizer": {"weight_decay": 0.1}}, "/optimizer/weight_decay"),
    "a rate with lbfgs": ({"optimizer": {"name": "lbfgs", "learning_rate": 0.1}}, "/optimizer/learning_rate"),
    "dropout with lbfgs": ({"optimizer": {"name": "lbfgs"}, "network": {"dropout": 0.1}}, "/network/dropout"),
    "a large network with lbfgs": (
        {"optimizer": {"name": "lbfgs"}, "network": {"hidden": [1000, 1000]}},
        "/optimizer/name",
    ),
    "input dropout of all": ({"network": {"input_dropout": 1.0}}, "/network/input_dropout"),
    "a metric of another task": ({"early_stopping": {"metric": "validation_rmse"}}, "/early_stopping/metric"),
    "a field of another schedule": ({"schedule": {"name": "cosine", "factor": 0.5}}, "/schedule/factor"),
    "no seconds": ({"max_seconds": 0.0}, "/max_seconds"),
    "a norm of nothing": ({"max_norm": 0.0}, "/max_norm"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_option_that_cannot_be_is_refused_by_its_field(api: Api, case: str) -> None:
    change, place = REFUSED[case]
    api.upload_iris()
    answer = api.post("/train", json={"dataset": "iris", "target": "species", **change})
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_configuration")
    assert answer.json["errors"][0]["pointer"] == place


def test_the_rate_of_a_schedule_is_in_the_history(api: Api) -> None:
    api.upload_iris()
    schedule = {"name": "step", "step_epochs": 2, "factor": 0.5, "warmup_epochs": 2}
    job = api.trained(dataset="iris", target="species", epochs=6, schedule=schedule, early_stopping=None)
    assert job["config"]["schedule"] == schedule
    rates = [item["learning_rate"] for item in api.get(f"/jobs/{job['id']}/history").json["items"]]
    assert rates == [0.0005, 0.001, 0.001, 0.001, 0.0005, 0.0005]


def test_early_stopping_watches_a_named_metric(api: Api) -> None:
    api.upload_iris()
    stopping = {"metric": "validation_roc_auc", "patience": 2, "min_delta": 0.0}
    job = api.trained(dataset="iris", target="species", epochs=100, early_stopping=stopping)
    assert job["config"]["early_stopping"] == stopping
    assert job["latest"]["epoch"] < 100
    metrics = api.get("/models/iris/versions/1").json["metrics"]["validation"]
    assert metrics["roc_auc"] > 0.9
    assert 0 < metrics["macro_f1"] <= metrics["balanced_accuracy"] + 0.2 <= 1.2


def test_a_limit_on_seconds_ends_the_job_with_a_warning(api: Api) -> None:
    api.upload_iris()
    job = api.trained(dataset="iris", target="species", epochs=100_000, early_stopping=None, max_seconds=0.2)
    assert 0 < job["latest"]["epoch"] < 100_000
    assert job["warnings"][-1]["code"] == "out_of_time"
    assert job["bit_identical"] is False
    assert job["model"]["version"] == 1


def _unequal(rows: int = 400) -> str:
    """Two classes that overlap, one of them rare, and a column of weights."""
    random = np.random.default_rng(3)
    yes = random.random(rows) < 0.12
    x = random.normal(0, 1, rows) + 1.2 * yes
    lines = (f"{a:.4f},{'yes' if b else 'no'},{5 if b else 1}" for a, b in zip(x, yes, strict=True))
    return "x,y,w\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    "weights", [{"class_weights": "balanced"}, {"class_weights": {"yes": 6.0}}, {"sample_weight": "w"}]
)
def test_weights_make_a_rare_class_count(api: Api, weights: dict[str, Any]) -> None:
    api.upload(_unequal(), "unequal")
    common: dict[str, Any] = {"dataset": "unequal", "target": "y", "features": ["x"], "epochs": 20, "batch_size": 64}
    plain = api.trained(**common, model="plain")
    weighted = api.trained(**common, model="weighted", **weights)
    for name, value in weights.items():
        assert weighted["config"][name] == value
        assert plain["config"][name] is None
    recall = {}
    for model in ("plain", "weighted"):
        matrix = api.get(f"/models/{model}/versions/1").json["metrics"]["train"]["confusion_matrix"]["matrix"]
        recall[model] = matrix[1][1] / sum(matrix[1])
    assert recall["weighted"] > recall["plain"] + 0.3


def test_the_column_of_weights_is_no_feature_and_is_passed_over_at_a_prediction(api: Api) -> None:
    api.upload(_unequal(), "unequal")
    job = api.trained(dataset="unequal", target="y", sample_weight="w")
    assert job["config"]["features"] == ["x"]
    assert "sample weight" in job["config"]["inferred"]["features"]["reason"]
    assert api.post("/predict", json={"model": "unequal", "records": [{"x": 1, "w": 3}]}).status_code == 200


WEIGHTS_REFUSED: dict[str, tuple[dict[str, Any], int, str, str]] = {
    "a column that is not there": ({"sample_weight": "v"}, 404, "column_not_found", "/sample_weight"),
    "the target": ({"sample_weight": "y"}, 422, "invalid_value", "/sample_weight"),
    "categories": ({"target": "x", "sample_weight": "y"}, 422, "invalid_value", "/sample_weight"),
    "negative weights": ({"sample_weight": "x"}, 422, "invalid_value", "/sample_weight"),
    "no weight at all": ({"sample_weight": "zero"}, 422, "invalid_value", "/sample_weight"),
    "a feature too": ({"sample_weight": "w", "features": ["x", "w"]}, 422, "invalid_value", "/features/1"),
    "an unknown class": ({"class_weights": {"yse": 2.0}}, 422, "invalid_value", "/class_weights/yse"),
    "a weight of nothing": ({"class_weights": {"yes": 0.0}}, 422, "invalid_configuration", "/class_weights/yes"),
    "another word": ({"class_weights": "equal"}, 422, "invalid_value", "/class_weights"),
    "no classes": ({"target": "x", "class_weights": "balanced"}, 422, "invalid_configuration", "/class_weights"),
}


@pytest.mark.parametrize("case", WEIGHTS_REFUSED)
def test_weights_that_cannot_be_are_refused_by_their_field(api: Api, case: str) -> None:
    change, status, code, place = WEIGHTS_REFUSED[case]
    lines = _unequal(60).splitlines()
    api.upload("\n".join([lines[0] + ",zero", *(line + ",0" for line in lines[1:])]), "unequal")
    answer = api.post("/train", json={"dataset": "unequal", "target": "y", **change})
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.json["errors"][0]["pointer"] == place


TARGETS = "u,v,a,b,p,q\n" + "".join(
    f"{n % 10},{n % 7},{int(n % 10 > 4)},{int(n % 7 > 3)},{(n % 10) / 10},{1 - (n % 10) / 10}\n" for n in range(140)
)


@pytest.mark.parametrize(
    ("task", "target", "shape"),
    [
        ("multilabel", ["a", "b"], {"labels", "probabilities"}),
        ("distribution", ["p", "q"], {"label", "probabilities"}),
        ("regression", ["u", "v"], {"values"}),
    ],
)
def test_several_targets_are_learnt_and_predicted(api: Api, task: str, target: list[str], shape: set[str]) -> None:
    api.upload(TARGETS, "targets")
    features = ["u", "v"] if task != "regression" else ["a", "b", "p"]
    job = api.trained(dataset="targets", target=target, task=task, features=features, epochs=60)
    metrics = api.get("/models/targets/versions/1").json["metrics"]["validation"]
    score = {"multilabel": "subset_accuracy", "distribution": "accuracy", "regression": "r2"}[task]
    assert metrics[score] > metrics["baseline"][score] + 0.2
    predicted = api.post("/predict", json={"model": "targets", "records": [dict.fromkeys(features, 1)]}).json
    assert set(predicted["predictions"][0]) == shape
    if task == "regression":
        assert set(metrics["targets"]) == {"u", "v"}
        assert 0 < metrics["targets"]["u"]["mae"] < metrics["baseline"]["targets"]["u"]["mae"]  # in own units
    assert job["config"]["target"] == target
