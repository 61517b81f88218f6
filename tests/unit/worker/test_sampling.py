"""The values of a search's trials: a function of the search, the trials before and the number."""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest

from core.search_config import SamplerConfig, SearchConfig
from core.search_space import Parameter
from worker.sampling import PastTrial, next_values

RATE = Parameter("optimizer.learning_rate", "float", low=1e-4, high=1e-1, log=True)
LAYERS = Parameter("network.hidden", "choice", choices=([4], [8], [8, 4]))
BATCH = Parameter("batch_size", "int", low=8, high=64, log=True)
CLIP = Parameter("clip", "choice", choices=(None, 1, 1.0, True))


def search(sampler: str = "tpe", **changes: Any) -> SearchConfig:
    return SearchConfig(**{"space": (RATE, LAYERS, BATCH), "sampler": SamplerConfig(sampler, 3), **changes})


def loss(values: dict[str, Any]) -> float:
    """Least for a learning rate of 0.01 and two layers."""
    return abs(values["optimizer.learning_rate"] - 0.01) * 10 + (len(values["network.hidden"]) == 1)


def one_by_one(config: SearchConfig, seed: int, count: int) -> list[PastTrial]:
    trials: list[PastTrial] = []
    for _ in range(count):
        (values,) = next_values(config, seed, trials, 1)
        trials.append(PastTrial("complete", values, loss(values), 5))
    return trials


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_the_same_search_asks_for_the_same_trials(sampler: str) -> None:
    first, again = (one_by_one(search(sampler), 7, 12) for _ in range(2))
    assert first == again
    assert one_by_one(search(sampler), 8, 3) != first[:3]
    assert len({json.dumps(trial.values) for trial in first}) == 12


def test_values_lie_in_the_space_and_are_plain_json() -> None:
    for trial in one_by_one(search(), 1, 15):
        values = trial.values
        assert list(values) == ["optimizer.learning_rate", "network.hidden", "batch_size"]
        assert 1e-4 <= values["optimizer.learning_rate"] <= 1e-1
        assert values["network.hidden"] in ([4], [8], [8, 4])
        assert type(values["batch_size"]) is int
        assert 8 <= values["batch_size"] <= 64
        assert json.loads(json.dumps(values)) == values


def test_a_choice_may_be_any_json_value() -> None:
    asked = [json.dumps(t.values["clip"]) for t in one_by_one_of(search("random", space=(CLIP,)), 40)]
    assert set(asked) == {"null", "1", "1.0", "true"}


def one_by_one_of(config: SearchConfig, count: int) -> list[PastTrial]:
    trials: list[PastTrial] = []
    for _ in range(count):
        trials.append(PastTrial("complete", next_values(config, 0, trials, 1)[0], 0.5, 5))
    return trials


def test_trials_asked_for_together_differ() -> None:
    past = one_by_one(search(), 3, 6)
    together = next_values(search(), 3, past, 5)
    assert len({json.dumps(values) for values in together}) == 5


def test_the_parzen_estimator_learns_which_trials_were_good() -> None:
    trials = one_by_one(search(), 5, 40)
    early, late = trials[:10], trials[-10:]
    assert sum(loss(t.values) for t in late) < sum(loss(t.values) for t in early) / 2


def test_it_learns_in_the_metrics_direction() -> None:
    trials: list[PastTrial] = []
    config = search(metric="validation_score")
    for _ in range(40):
        (values,) = next_values(config, 5, trials, 1)
        trials.append(PastTrial("complete", values, -loss(values), 5))
    assert sum(loss(t.values) for t in trials[-10:]) < sum(loss(t.values) for t in trials[:10]) / 2


def test_trials_that_ended_otherwise_are_known_too() -> None:
    known = one_by_one(search(), 9, 6)
    values = known[0].values
    others = [
        PastTrial("pruned", values, 3.0, 4),
        PastTrial("failed", values, None, 0),
        PastTrial("cancelled", values, None, 2),
        PastTrial("running", values, None, 2),
        PastTrial("queued", values, None, 0),
    ]
    assert next_values(search(), 9, [*known, *others], 1)
    pruned_badly = [*known, PastTrial("pruned", values, 3.0, 4)]
    assert next_values(search(), 9, pruned_badly, 1) == next_values(search(), 9, pruned_badly, 1)


@pytest.mark.parametrize("together", [1, 2, 6])
def test_a_grid_has_each_point_once_however_many_run_at_once(together: int) -> None:
    config = search("grid", space=(LAYERS, Parameter("batch_size", "int", low=8, high=9)), trials=6)
    trials: list[PastTrial] = []
    while len(trials) < config.most_trials:
        trials += [PastTrial("complete", values, 0.5, 5) for values in next_values(config, 2, trials, together)]
    points = sorted(json.dumps(list(trial.values.values())) for trial in trials)
    assert points == sorted(json.dumps([layers, size]) for layers in ([4], [8], [8, 4]) for size in (8, 9))


@pytest.mark.parametrize("sampler", ["tpe", "random", "grid"])
def test_nothing_is_warned_of(sampler: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        next_values(search(sampler, space=(LAYERS, BATCH)), 0, [], 3)
