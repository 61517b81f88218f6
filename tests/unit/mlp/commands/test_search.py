"""`mlp search` asks for what its options say; `mlp trials` and `mlp watch` show what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from mlp.commands import terminal
from mlp.following import JobEvent
from mlp.main import app
from service.schemas.train import TrainRequest

OPTIONS: dict[str, tuple[list[str], dict[str, Any]]] = {
    "nothing": ([], {"search": {"trials": 20}}),
    "how many": (["-n", "7", "--parallelism", "3"], {"search": {"trials": 7, "parallelism": 3}}),
    "how": (
        ["--metric", "validation_score", "--sampler", "random", "--pruner", "median"],
        {
            "search": {
                "trials": 20,
                "metric": "validation_score",
                "sampler": {"name": "random"},
                "pruner": {"name": "median"},
            }
        },
    ),
    "space": (
        [
            *("--space", "optimizer.learning_rate=0.0001..0.1:log", "-s", "batch_size=16..256:log"),
            *("-s", "network.dropout=0.0..0.5", "-s", "network.hidden=64|128,64|[8]", "-s", "network.activation=relu"),
            *("-s", "clip=5|null|2.5", "-s", "optimizer.learning_rate=1e-4..1e-1"),
        ],
        {
            "search": {
                "trials": 20,
                "space": {
                    "optimizer.learning_rate": {"type": "float", "low": 1e-4, "high": 0.1, "log": False},
                    "batch_size": {"type": "int", "low": 16, "high": 256, "log": True},
                    "network.dropout": {"type": "float", "low": 0.0, "high": 0.5, "log": False},
                    "network.hidden": {"type": "choice", "choices": [[64], [128, 64], [8]]},
                    "network.activation": {"type": "choice", "choices": ["relu"]},
                    "clip": {"type": "choice", "choices": [5, None, 2.5]},
                },
            }
        },
    ),
    "in common": (
        [
            *("--model", "m", "--features", "a,b", "--task", "classification", "--epochs", "9", "--seed", "3"),
            *("--time-limit-seconds", "60", "--memory-limit-bytes", "1048576"),
            *("--set", "optimizer.name=sgd", "--set", "optimizer.momentum=0.9", "--set", "batch_size=64"),
            *("--pruner", "median", "--set", "search.pruner.warmup_epochs=3"),
        ],
        {
            "model": "m",
            "features": ["a", "b"],
            "task": "classification",
            "epochs": 9,
            "time_limit_seconds": 60.0,
            "memory_limit_bytes": 1_048_576,
            "seed": 3,
            "optimizer": {"name": "sgd", "momentum": 0.9},
            "batch_size": 64,
            "search": {"trials": 20, "pruner": {"name": "median", "warmup_epochs": 3}},
        },
    ),
}
TRIALS: list[dict[str, Any]] = [
    {
        "number": number,
        "state": state,
        "value": value,
        "params": {"optimizer.learning_rate": 0.0123456, "network.hidden": [64, 32], "clip": None},
        "job": f"job_{number}",
        "epoch": 8,
        "epochs": 10,
        "best_epoch": 7,
        "error": {"code": "training_diverged", "detail": "It did.", "hint": None} if state == "failed" else None,
        "started_at": None,
        "finished_at": None,
    }
    for number, (state, value) in enumerate(
        [("complete", 0.5), ("failed", None), ("complete", 0.25), ("pruned", 0.9), ("running", None)]
    )
]
SEARCH: dict[str, Any] = {
    "id": "job_s",
    "kind": "search",
    "status": "succeeded",
    "error": None,
    "search": {"metric": "validation_loss", "direction": "minimize", "best_trial": 2, "best_value": 0.25},
    "trial": None,
    "model": {"name": "iris", "version": None},
    "links": {},
}


class Client:
    """In place of a service: what it was asked for, and one search."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []

    def train(self, dataset: str, target: str | list[str], **options: Any) -> dict[str, Any]:
        self.bodies.append({"dataset": dataset, "target": target, **options})
        return {"id": "job_1", "status": "running"}

    def trials(self, job: str) -> Iterator[dict[str, Any]]:
        assert job == "job_s"
        return iter(TRIALS)

    def job(self, job: str) -> dict[str, Any]:
        return SEARCH

    def history(self, job: str, **_: Any) -> list[dict[str, Any]]:
        return []

    def events(self, job: str) -> Iterator[JobEvent]:
        for ended, status in ((0, "running"), (4, "running"), (5, "succeeded")):
            yield JobEvent("status", {"status": status, "progress": {"epoch": ended, "epochs": 5}})


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    found = Client()

    @contextmanager
    def service() -> Iterator[Client]:
        yield found

    monkeypatch.setattr(terminal, "service", service)
    return found


def mlp(*arguments: str, width: int = 100) -> Result:
    return CliRunner(env={"COLUMNS": str(width)}).invoke(app, list(arguments))


@pytest.mark.parametrize("case", OPTIONS)
def test_an_option_becomes_the_field_that_the_service_knows(client: Client, case: str) -> None:
    arguments, fields = OPTIONS[case]
    typed = mlp("search", "iris", "--target", "species", *arguments)
    assert typed.exit_code == 0, typed.output
    assert client.bodies == [{"dataset": "iris", "target": "species", **fields}]
    TrainRequest.model_validate(client.bodies[0])
    assert "Next: mlp watch job_1" in typed.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["--space", "optimizer.learning_rate"],
        ["--space", "=1..2"],
        ["--space", "batch_size="],
        ["--space", "batch_size=a..b"],
        ["--set", "batch_size"],
        ["--set", "=4"],
        ["--task", "regression", "--set", "task.kind=4"],
    ],
)
def test_what_cannot_be_read_is_refused_before_it_is_sent(client: Client, arguments: list[str]) -> None:
    assert mlp("search", "iris", "--target", "species", *arguments).exit_code == 2
    assert client.bodies == []


def test_trials_are_a_table_under_short_names(client: Client) -> None:
    lines = mlp("trials", "job_s").output.splitlines()
    assert lines[0].split() == [
        "trial",
        "state",
        *["validation", "loss", "epoch", "learning", "rate", "hidden", "clip"],
    ]
    assert lines[1].split() == ["0", "complete", "0.5", "8/10", "0.01235", "64,32", "null"]
    assert lines[2].split()[:3] == ["1", "failed", "8/10"]
    assert len(lines) == 6
    wide = mlp("trials", "job_s", width=140).output.splitlines()
    assert wide[2].split()[:3] == ["1", "failed", "(training_diverged)"]
    assert wide[3].endswith("job_2")


def test_no_value_is_broken_where_there_is_little_room(client: Client) -> None:
    lines = mlp("trials", "job_s", width=50).output.splitlines()
    assert lines[-5].split() == ["0", "complete", "0.5", "8/10", "0.01235", "64,32", "null"]


def test_the_best_trials_alone_come_first(client: Client) -> None:
    lines = mlp("trials", "job_s", "--best", "5").output.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["2", "0"]


def test_trials_are_json_for_another_program(client: Client) -> None:
    assert json.loads(mlp("trials", "job_s", "--json").output) == TRIALS


def test_who_watches_a_search_sees_each_trial_once_and_the_best_at_the_end(client: Client) -> None:
    output = mlp("watch", "job_s").output
    assert output.count("  trial   0  complete         0.5  learning_rate 0.01235  hidden 64,32  clip null\n") == 1
    assert "  It did.  learning_rate 0.01235" in output
    assert "trial   4" not in output
    assert "The best 2 of 5 trials:" in output
    assert "iris version None is ready" in output
