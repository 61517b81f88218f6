"""`mlp train` asks for what its options say, in fields that the service knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from mlp.commands import terminal
from mlp.commands.train import train
from service.schemas.train import TrainRequest

OPTIONS: dict[str, tuple[list[str], dict[str, Any]]] = {
    "network": (
        ["--hidden", "8,4", "--activation", "tanh", "--dropout", "0.1", "--input-dropout", "0.2"],
        {"network": {"hidden": [8, 4], "activation": "tanh", "dropout": 0.1, "input_dropout": 0.2}},
    ),
    "loss": (["--loss", "huber", "--huber-delta", "2"], {"loss": "huber", "huber_delta": 2.0}),
    "smoothing": (["--label-smoothing", "0.1"], {"label_smoothing": 0.1}),
    "balanced": (["--class-weights", "balanced"], {"class_weights": "balanced"}),
    "weights": (["--class-weights", "yes=5,a=b=1"], {"class_weights": {"yes": 5.0, "a=b": 1.0}}),
    "weight column": (["--sample-weight", "w"], {"sample_weight": "w"}),
    "sgd": (
        ["--optimizer", "sgd", "--momentum", "0.9", "--nesterov", "--weight-decay", "0.1"],
        {"optimizer": {"name": "sgd", "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}},
    ),
    "rate alone": (["--learning-rate", "0.1"], {"optimizer": {"name": "adam", "learning_rate": 0.1}}),
    "schedule": (
        ["--schedule", "cosine", "--warmup-epochs", "5"],
        {"schedule": {"name": "cosine", "warmup_epochs": 5}},
    ),
    "steps": (
        ["--schedule", "step", "--step-epochs", "9", "--factor", "0.5"],
        {"schedule": {"name": "step", "step_epochs": 9, "factor": 0.5}},
    ),
    "plateau": (
        ["--schedule", "plateau", "--plateau-patience", "4", "--plateau-min-delta", "1", "--min-learning-rate", "0.1"],
        {"schedule": {"name": "plateau", "patience": 4, "min_delta": 1.0, "min_learning_rate": 0.1}},
    ),
    "adam": (
        ["--optimizer", "adam", "--beta-1", "0.8", "--beta-2", "0.99", "--epsilon", "1e-7"],
        {"optimizer": {"name": "adam", "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-7}},
    ),
    "stopping": (
        ["--stop-on", "validation_roc_auc", "--patience", "7", "--min-delta", "0.01"],
        {"early_stopping": {"metric": "validation_roc_auc", "patience": 7, "min_delta": 0.01}},
    ),
    "rows": (
        ["--validation-fraction", "0.2", "--test-fraction", "0.1", "--clip", "3"],
        {"validation_fraction": 0.2, "test_fraction": 0.1, "clip": 3.0},
    ),
    "length": (["--epochs", "9", "--batch-size", "64", "--seed", "7"], {"epochs": 9, "batch_size": 64, "seed": 7}),
    "what": (
        ["--model", "m", "--features", "a,b", "--task", "classification"],
        {"model": "m", "features": ["a", "b"], "task": "classification"},
    ),
    "limits": (
        [
            "--time-limit-seconds",
            "90.5",
            "--memory-limit-bytes",
            "2000000000",
            "--max-seconds",
            "60",
            "--max-norm",
            "3",
            "--max-gradient-norm",
            "1",
            "--l1",
            "0.01",
            "--l2",
            "0.02",
        ],
        {
            "time_limit_seconds": 90.5,
            "memory_limit_bytes": 2_000_000_000,
            "max_seconds": 60.0,
            "max_norm": 3.0,
            "max_gradient_norm": 1.0,
            "l1": 0.01,
            "l2": 0.02,
        },
    ),
    "newest version": (["--initialize-from", "iris"], {"initialize_from": {"model": "iris"}}),
    "one version": (["--initialize-from", "iris@3"], {"initialize_from": {"model": "iris", "version": 3}}),
    "folds": (
        ["--folds", "5", "--importance-repeats", "0"],
        {"cross_validation": {"folds": 5}, "importance_repeats": 0},
    ),
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the service is asked for, in place of a service."""
    bodies: list[dict[str, Any]] = []

    class Client:
        def train(self, dataset: str, target: str | list[str], **options: Any) -> dict[str, Any]:
            bodies.append({"dataset": dataset, "target": target, **options})
            return {"id": "job_1", "status": "queued"}

    @contextmanager
    def service() -> Iterator[Client]:
        yield Client()

    monkeypatch.setattr(terminal, "service", service)
    return bodies


def _typed(arguments: list[str]) -> Any:
    app = typer.Typer()
    app.command()(train)
    return CliRunner().invoke(app, ["iris", "--target", "species", *arguments])


@pytest.mark.parametrize("case", OPTIONS)
def test_an_option_becomes_the_field_that_the_service_knows(asked: list[dict[str, Any]], case: str) -> None:
    arguments, fields = OPTIONS[case]
    typed = _typed(arguments)
    assert typed.exit_code == 0, typed.output
    given = {name: value for name, value in asked[0].items() if value is not None}
    assert given == {"dataset": "iris", "target": "species", **fields}
    TrainRequest.model_validate(given)


def test_every_field_of_a_training_can_be_typed() -> None:
    def fields(document: dict[str, Any], name: str) -> set[str]:
        found = document["properties"][name]
        reference = next((each["$ref"] for each in [found, *found.get("anyOf", ())] if "$ref" in each), None)
        if reference is None:
            return {name}
        inner = document["$defs"][reference.rpartition("/")[2]]["properties"]
        return {f"{name}.{each}" for each in inner}

    document = TrainRequest.model_json_schema()
    known = {field for name in document["properties"] for field in fields(document, name)}
    typed = {
        f"{name}.{inner}" if isinstance(value, dict) and name != "class_weights" else name
        for _, given in OPTIONS.values()
        for name, value in given.items()
        for inner in (value if isinstance(value, dict) else [""])
    }
    elsewhere = {"dataset", "target"} | {each for each in known if each.startswith("search")}  # `mlp search`
    assert known - typed - elsewhere == {"initialize_from.alias"}  # a version's name is typed as iris@3


@pytest.mark.parametrize("arguments", [["--class-weights", "yes"], ["--initialize-from", "iris@new"]])
def test_what_cannot_be_read_is_refused_before_it_is_sent(asked: list[dict[str, Any]], arguments: list[str]) -> None:
    assert _typed(arguments).exit_code == 2
    assert asked == []
