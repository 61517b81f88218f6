"""Every bad search is a problem with its code and place, and leaves nothing behind."""

from __future__ import annotations

from typing import Any

import pytest

from service import search_plan
from tests.support.api import Api
from tests.support.refusals import IRIS_BODY, refused

pytestmark = pytest.mark.usefixtures("nothing_is_left_behind")

RATE = "optimizer.learning_rate"
RATES = {"type": "float", "low": 1e-4, "high": 1e-1, "log": True}
SPACE = "/search/space"


def space(**changes: Any) -> dict[str, Any]:
    """A search of one parameter, changed."""
    return {"search": {"space": {RATE: {**RATES, **changes}}}}


def choosing(path: str, *choices: Any) -> dict[str, Any]:
    """A search of one choice."""
    return {"search": {"space": {path: {"type": "choice", "choices": list(choices)}}}}


SEARCHES: dict[str, tuple[dict[str, Any], str, str]] = {
    "a list for a search": ({"search": []}, "wrong_type", "/search"),
    "an unknown field": ({"search": {"trails": 3}}, "unknown_field", "/search/trails"),
    "no trials": ({"search": {"trials": 0}}, "invalid_configuration", "/search/trials"),
    "too many trials": ({"search": {"trials": 1001}}, "invalid_configuration", "/search/trials"),
    "a half trial": ({"search": {"trials": 1.5}}, "wrong_type", "/search/trials"),
    "no parallelism": ({"search": {"parallelism": 0}}, "invalid_configuration", "/search/parallelism"),
    "too much parallelism": ({"search": {"parallelism": 101}}, "invalid_configuration", "/search/parallelism"),
    "an unknown metric": ({"search": {"metric": "beauty"}}, "invalid_configuration", "/search/metric"),
    "a metric of another task": ({"search": {"metric": "r2"}}, "invalid_configuration", "/search/metric"),
    "a metric of another task, unwatched": (
        {"early_stopping": None, "search": {"metric": "r2"}},
        "invalid_configuration",
        "/search/metric",
    ),
    "another metric than early stopping watches": (
        {"early_stopping": {"metric": "validation_loss"}, "search": {"metric": "validation_score"}},
        "invalid_configuration",
        "/search/metric",
    ),
    "a validation metric without validation rows": (
        {"validation_fraction": 0, "search": {"metric": "validation_loss"}},
        "invalid_configuration",
        "/search/metric",
    ),
    "an unknown sampler": ({"search": {"sampler": {"name": "tpee"}}}, "invalid_configuration", "/search/sampler/name"),
    "no startup trials": (
        {"search": {"sampler": {"startup_trials": 0}}},
        "invalid_configuration",
        "/search/sampler/startup_trials",
    ),
    "a grid without a space": ({"search": {"sampler": {"name": "grid"}}}, "missing_field", SPACE),
    "a grid of floats": (
        {"search": {"sampler": {"name": "grid"}, "space": {RATE: RATES}}},
        "invalid_configuration",
        "/search/sampler/name",
    ),
    "an unknown pruner": ({"search": {"pruner": {"name": "axe"}}}, "invalid_configuration", "/search/pruner/name"),
    "an interval of 0": (
        {"search": {"pruner": {"interval_epochs": 0}}},
        "invalid_configuration",
        "/search/pruner/interval_epochs",
    ),
    "a percentile of 100": (
        {"search": {"pruner": {"name": "percentile", "percentile": 100}}},
        "invalid_configuration",
        "/search/pruner/percentile",
    ),
    "an empty space": ({"search": {"space": {}}}, "invalid_configuration", SPACE),
    "51 parameters": (
        {"search": {"space": {f"p{n}": RATES for n in range(51)}}},
        "out_of_range",
        SPACE,
    ),
    "an unknown path": (
        {"search": {"space": {"optimizer.learning_rat": RATES}}},
        "unknown_field",
        f"{SPACE}/optimizer.learning_rat",
    ),
    "a path that cannot be compared": (
        {"search": {"space": {"validation_fraction": {"type": "float", "low": 0.1, "high": 0.3}}}},
        "unknown_field",
        f"{SPACE}/validation_fraction",
    ),
    "an unknown type": (space(type="real"), "invalid_value", f"{SPACE}/{RATE}/type"),
    "no type": ({"search": {"space": {RATE: {"low": 1, "high": 2}}}}, "missing_field", f"{SPACE}/{RATE}/type"),
    "no bound": ({"search": {"space": {RATE: {"type": "float", "low": 1}}}}, "missing_field", f"{SPACE}/{RATE}/high"),
    "low above high": (space(low=0.2), "invalid_configuration", f"{SPACE}/{RATE}/low"),
    "low equal to high": (space(low=0.1), "invalid_configuration", f"{SPACE}/{RATE}/low"),
    "the logarithm of 0": (space(low=0), "invalid_configuration", f"{SPACE}/{RATE}/low"),
    "a bound that training refuses": (space(high=2000.0), "invalid_configuration", f"{SPACE}/{RATE}/high"),
    "a text for a bound": (space(low="0.1"), "wrong_type", f"{SPACE}/{RATE}/low"),
    "a huge bound": (
        {"search": {"space": {"batch_size": {"type": "int", "low": 1, "high": 2**60}}}},
        "invalid_configuration",
        f"{SPACE}/batch_size/high",
    ),
    "a fraction for an int": (
        {"search": {"space": {"batch_size": {"type": "int", "low": 1.5, "high": 9}}}},
        "wrong_type",
        f"{SPACE}/batch_size/low",
    ),
    "a float for an integer setting": (
        {"search": {"space": {"batch_size": {"type": "float", "low": 8, "high": 64}}}},
        "invalid_configuration",
        f"{SPACE}/batch_size/low",
    ),
    "choices among bounds": (space(choices=[1]), "unknown_field", f"{SPACE}/{RATE}/choices"),
    "no choices": (choosing("batch_size"), "invalid_configuration", f"{SPACE}/batch_size/choices"),
    "101 choices": (choosing("seed", *range(101)), "invalid_configuration", f"{SPACE}/seed/choices"),
    "a choice twice": (choosing("batch_size", 8, 16, 8), "invalid_configuration", f"{SPACE}/batch_size/choices/2"),
    "a choice that training refuses": (
        choosing("network.activation", "relu", "rleu"),
        "invalid_configuration",
        f"{SPACE}/network.activation/choices/1",
    ),
    "layers that training refuses": (
        choosing("network.hidden", [8], [8, 0]),
        "invalid_configuration",
        f"{SPACE}/network.hidden/choices/1",
    ),
    "a network that is too large": (
        choosing("network.hidden", [8], [65_536, 65_536]),
        "invalid_configuration",
        f"{SPACE}/network.hidden/choices/1",
    ),
    "an object for a choice": (choosing("network.hidden", {"a": 1}), "wrong_type", f"{SPACE}/network.hidden/choices/0"),
    "a loss of another task": (
        {**choosing("loss", "squared_error"), "early_stopping": {"metric": "validation_score"}},
        "invalid_configuration",
        f"{SPACE}/loss/choices/0",
    ),
    "losses compared by their value": (
        {"dataset": "numbers", "target": "b", **choosing("loss", "squared_error", "absolute_error")},
        "invalid_configuration",
        "/search/metric",
    ),
    "a setting of another optimizer": (
        {"optimizer": {"name": "sgd"}, **choosing("optimizer.beta_1", 0.8, 0.9)},
        "invalid_configuration",
        f"{SPACE}/optimizer.beta_1/choices/0",
    ),
    "values that never go together": (
        {
            "search": {
                "space": {
                    "optimizer.name": {"type": "choice", "choices": ["sgd", "adam"]},
                    "optimizer.momentum": {"type": "float", "low": 0.1, "high": 0.9},
                }
            }
        },
        "invalid_configuration",
        f"{SPACE}/optimizer.name/choices/1",
    ),
    "early stopping that is off": (
        {"early_stopping": None, **choosing("early_stopping.patience", 3, 5)},
        "invalid_configuration",
        f"{SPACE}/early_stopping.patience/choices/0",
    ),
    "dropout with lbfgs": (
        {"optimizer": {"name": "lbfgs"}, **choosing("network.dropout", 0.1, 0.2)},
        "invalid_configuration",
        f"{SPACE}/network.dropout/choices/0",
    ),
    "cross-validation beside": ({"search": {}, "cross_validation": {"folds": 3}}, "invalid_value", "/cross_validation"),
    "layers of a version": (
        {"initialize_from": {"model": "iris", "version": 1}, **choosing("network.hidden", [8], [16])},
        "invalid_value",
        f"{SPACE}/network.hidden",
    ),
}


@pytest.mark.parametrize("case", SEARCHES)
def test_a_bad_search_is_refused(refusing: Api, case: str) -> None:
    change, code, place = SEARCHES[case]
    refused(refusing.post("/train", json={**IRIS_BODY, **change}), 422, code, pointer=place)


def test_a_misspelt_path_is_met_with_the_nearest(refusing: Api) -> None:
    body = {**IRIS_BODY, **choosing("optimizer.learning_rte", 0.1)}
    detail = refusing.post("/train", json=body).json["errors"][0]["detail"]
    assert "Did you mean 'optimizer.learning_rate'?" in detail


def test_what_a_type_may_be_is_said_in_plain_words(refusing: Api) -> None:
    detail = refusing.post("/train", json={**IRIS_BODY, **space(type="real")}).json["errors"][0]["detail"]
    assert detail == "The value should be one of 'float', 'int', 'choice'."
    missing = {**IRIS_BODY, "search": {"space": {RATE: {"low": 1, "high": 2}}}}
    assert refusing.post("/train", json=missing).json["errors"][0]["detail"] == "The field 'type' is missing."


def test_without_optuna_a_search_is_refused_and_the_extra_named(refusing: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_plan, "can_search", lambda: False)
    problem = refused(
        refusing.post("/train", json={**IRIS_BODY, "search": {}}), 422, "not_available", pointer="/search"
    )
    assert "mlp-service[search]" in problem["errors"][0]["detail"]


def test_the_trials_of_what_is_no_search_are_refused(refusing: Api) -> None:
    refused(refusing.get("/jobs/job_01K00000000000000000000000/trials"), 404, "job_not_found")
    refused(refusing.get("/jobs/nonsense/trials"), 404, "job_not_found")
    training = refusing.get("/jobs").json["items"][0]["id"]
    refused(refusing.get(f"/jobs/{training}/trials"), 409, "not_a_search")
    refused(refusing.get(f"/jobs/{training}/trials?limit=0"), 422, "invalid_value")
    refused(refusing.get(f"/jobs/{training}/trials?cursor=x"), 422, "invalid_cursor")
