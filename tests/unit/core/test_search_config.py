"""What a search asks for: limits, the metric that tells trials apart, the grid's size."""

import json

import pytest

from core.configuration import TrainingConfig
from core.errors import InvalidConfiguration
from core.search_config import MAX_GRID, PrunerConfig, SamplerConfig, SearchConfig
from core.search_space import Parameter

RATE = Parameter("optimizer.learning_rate", "float", low=1e-4, high=0.1, log=True)
LAYERS = Parameter("network.hidden", "choice", choices=[[8], [8, 4]])
BATCH = Parameter("batch_size", "int", low=1, high=3)
LOSS = Parameter("loss", "choice", choices=["mse", "mae"])


def _refused(make):
    with pytest.raises(InvalidConfiguration) as refusal:
        make()
    return refusal.value.field


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"space": ()}, "search.space"),
        ({"space": (RATE,) * 51}, "search.space"),
        ({"trials": 0}, "search.trials"),
        ({"trials": 1001}, "search.trials"),
        ({"parallelism": 0}, "search.parallelism"),
        ({"parallelism": 101}, "search.parallelism"),
        ({"metric": "accuracy"}, "search.metric"),
        ({"sampler": SamplerConfig("grid")}, "search.sampler.name"),
    ],
)
def test_a_search_beyond_its_limits_is_refused(change, field):
    assert _refused(lambda: SearchConfig(**{"space": (RATE,), **change})) == field


@pytest.mark.parametrize(
    ("kind", "change", "field"),
    [
        (SamplerConfig, {"name": "cmaes"}, "search.sampler.name"),
        (SamplerConfig, {"startup_trials": 0}, "search.sampler.startup_trials"),
        (PrunerConfig, {"name": "hyperband"}, "search.pruner.name"),
        (PrunerConfig, {"percentile": 25}, "search.pruner.percentile"),
        (PrunerConfig, {"name": "percentile", "percentile": 0}, "search.pruner.percentile"),
        (PrunerConfig, {"startup_trials": 0}, "search.pruner.startup_trials"),
        (PrunerConfig, {"warmup_epochs": -1}, "search.pruner.warmup_epochs"),
        (PrunerConfig, {"interval_epochs": 0}, "search.pruner.interval_epochs"),
    ],
)
def test_a_sampler_or_pruner_that_cannot_be_is_refused(kind, change, field):
    assert _refused(lambda: kind(**change)) == field


def test_a_pruner_looks_at_multiples_of_its_interval_from_the_warm_up_on():
    pruner = PrunerConfig(warmup_epochs=7, interval_epochs=3)
    assert [epoch for epoch in range(1, 16) if pruner.looks_at(epoch)] == [9, 12, 15]


def test_a_grid_has_no_more_trials_than_points():
    grid = SearchConfig((LAYERS, BATCH), trials=20, sampler=SamplerConfig("grid"))
    assert (grid.grid_size, grid.most_trials) == (6, 6)
    assert SearchConfig((LAYERS, BATCH), trials=4, sampler=SamplerConfig("grid")).most_trials == 4
    assert SearchConfig((LAYERS, BATCH), trials=20).most_trials == 20
    many = Parameter("seed", "int", low=0, high=MAX_GRID)
    assert _refused(lambda: SearchConfig((many,), sampler=SamplerConfig("grid"))) == "search.sampler.name"


def test_the_metric_says_which_of_two_values_is_better():
    assert SearchConfig((RATE,), metric="validation_loss").better(1.0, 2.0)
    assert SearchConfig((RATE,), metric="validation_score").better(2.0, 1.0)
    assert not SearchConfig((RATE,), metric="validation_score").better(1.0, 1.0)


WATCHING_SCORE = {"early_stopping": {"metric": "validation_score"}}


@pytest.mark.parametrize(
    ("metric", "space", "training"),
    [
        ("validation_rmse", RATE, {"task": "classification"}),
        ("validation_loss", RATE, {"validation_fraction": 0.0}),
        ("validation_loss", RATE, WATCHING_SCORE),
        ("train_score", RATE, {"validation_fraction": 0.0, "early_stopping": {"metric": "train_score"}}),
        ("validation_rmse", RATE, {"task": "regression", "early_stopping": None}),
        ("validation_loss", LOSS, {"task": "regression"}),
    ],
)
def test_a_metric_that_does_not_tell_trials_apart_is_refused(metric, space, training):
    search = SearchConfig((space,), metric=metric)
    config = TrainingConfig.from_dict({"task": "classification", **training})
    assert _refused(lambda: search.check_training(config)) == "search.metric"


@pytest.mark.parametrize(
    ("metric", "space", "training"),
    [
        ("validation_loss", RATE, {}),
        ("validation_score", RATE, WATCHING_SCORE),
        ("validation_score", RATE, {"early_stopping": None}),
        ("train_loss", RATE, {"validation_fraction": 0.0}),
        ("train_loss", RATE, {"validation_fraction": 0.0, "early_stopping": None}),
        ("validation_mae", LOSS, {"task": "regression", "early_stopping": {"metric": "validation_mae"}}),
    ],
)
def test_a_metric_that_does_is_taken(metric, space, training):
    SearchConfig((space,), metric=metric).check_training(
        TrainingConfig.from_dict({"task": "classification", **training})
    )


@pytest.mark.parametrize("pruner", [None, PrunerConfig("percentile", percentile=25.0)])
def test_a_search_comes_back_from_its_json(pruner):
    search = SearchConfig((RATE, LAYERS, BATCH), trials=7, metric="train_loss", pruner=pruner)
    assert SearchConfig.from_dict(json.loads(json.dumps(search.to_dict()))) == search
