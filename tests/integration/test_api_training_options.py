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
    "a norm of nothing": ({"max_norm": 0.0}, "/max_norm"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_option_that_cannot_be_is_refused_by_its_field(api: Api, case: str) -> None:
    change, place = REFUSED[case]
    api.upload_iris()
    answer = api.post("/train", json={"dataset": "iris", "target": "species", **change})
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_configuration")
    assert answer.json["errors"][0]["pointer"] == place
