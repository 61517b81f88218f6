"""The options of a training through the API: what is asked for is shown, is done, and is refused by its field."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import Api

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NUMBERS = "a,b,c\n" + "".join(f"{n % 13},{n % 7},{(n % 13) - 2 * (n % 7)}.5\n" for n in range(60))

OPTIONS: dict[str, dict[str, Any]] = {
    "input dropout": {"network": {"hidden": [8], "activation": "relu", "dropout": 0.1, "input_dropout": 0.2}},
    "label smoothing": {"label_smoothing": 0.1},
    "adamw": {"optimizer": {"name": "adamw", "learning_rate": 0.01, "weight_decay": 0.1}},
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
