"""`mlp models --compare` and `mlp promote --if-better-than`, in a terminal of 80 columns."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from mlp import connection
from mlp.commands.comparison_table import comparison_table, notes
from mlp.main import app


def comparison(*versions: int, reference: int = 1) -> Any:
    """Versions with a loss of 1 / their number."""
    values = {version: 1 / version for version in versions}
    items = [
        {"version": v, "value": x, "difference": x - 1 / reference, "improvement": 1 / reference - x}
        for v, x in values.items()
    ]
    nothing = [{"version": v, "value": None, "difference": None, "improvement": None} for v in versions]
    return {
        "model": "iris",
        "reference": {"version": reference, "selected_by": "champion"},
        "versions": [{"version": v, "rows": 15, "same_rows": v != 3} for v in versions],
        "metrics": [
            {"metric": "balanced_accuracy", "direction": "maximize", "best": [], "values": nothing},
            {"metric": "log_loss", "direction": "minimize", "best": [max(versions)], "values": items},
        ],
    }


def printed(found: Any, width: int = 80) -> list[str]:
    console = Console(width=width, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    with console.file:
        console.print(comparison_table(found, width=width))
        for note in notes(found, width=width):
            console.print(note)
        return [line.rstrip() for line in console.export_text().splitlines()]


def test_a_few_versions_stand_with_their_differences() -> None:
    lines = printed(comparison(3, 2, 1))
    assert lines[0].split() == ["metric", "version", "3", "version", "2", "version", "1*"]
    assert lines[1].split() == ["log_loss", "0.3333", "(-0.67)", "0.5", "(-0.5)", "1"]
    assert lines[2].split() == ["of", "rows", "15", "15", "15"]
    assert "Scored on other rows than version 1: 3." in " ".join(lines)
    assert "* champion: version 1; in brackets the difference to it" in lines
    assert not any("balanced" in line for line in lines)  # which none of them has


def test_many_versions_stand_as_far_as_there_is_room() -> None:
    lines = printed(comparison(*range(20, 0, -1)))
    assert lines[0].split() == ["metric", "20", "19", "18", "17", "16", "1*"]  # the one that they are measured against
    assert all(len(line) <= 80 for line in lines)
    assert "14 more have no room here" in " ".join(lines)
    assert "* champion: version 1" in lines
    assert printed(comparison(2, 1), width=30)[0].split() == ["metric", "1*"]
    assert printed(comparison(2, 1, reference=9), width=30)[0].split() == ["metric", "2"]


class Service:
    """What the command asks, and what it is answered."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.answer: Any = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(200, json=self.answer)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    found = Service()

    class Fake(connection.Connection):
        def __init__(self, url: str, timeout: float, transport: httpx.BaseTransport | None) -> None:
            super().__init__(url, timeout, transport or httpx.MockTransport(found))

    monkeypatch.setattr("mlp.client.Connection", Fake)
    return found


def mlp(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "80"})


def test_models_are_compared(service: Service) -> None:
    service.answer = comparison(2, 1)
    result = mlp("models", "iris", "--compare", "--versions", "1,2")
    assert result.exit_code == 0, result.output
    assert dict(service.asked[0].url.params) == {"compare": "true", "versions": "1,2"}
    assert "log_loss" in result.stdout
    assert json.loads(mlp("models", "iris", "--compare", "--json").stdout) == service.answer


@pytest.mark.parametrize(
    "arguments", [["--compare"], ["iris", "--versions", "1"], ["iris", "--compare", "--versions", "one"]]
)
def test_what_cannot_be_compared_is_a_usage_error(service: Service, arguments: list[str]) -> None:
    assert mlp("models", *arguments).exit_code == 2
    assert service.asked == []


CHALLENGE = ("--if-better-than", "champion", "--metric", "log_loss", "--dataset", "march", "--min-improvement", "0.1")


@pytest.mark.parametrize(("gain", "code", "says"), [(0.2, 0, "is version 4 now"), (0.05, 1, "stays at version 3")])
def test_a_challenger_moves_the_alias_or_says_why_not(service: Service, gain: float, code: int, says: str) -> None:
    compared = {
        "metric": "log_loss",
        "direction": "minimize",
        "on": "dataset",
        "dataset": {"name": "march", "version": 2},
        "rows": 1500,
        "challenger": {"version": 4, "score": 0.5 - gain},
        "incumbent": {"version": 3, "score": 0.5},
        "improvement": gain,
        "min_improvement": 0.1,
    }
    moved = code == 0
    service.answer = {
        "model": "iris",
        "alias": "champion",
        "version": 4 if moved else 3,
        "moved": moved,
        "comparison": compared,
    }
    result = mlp("promote", "iris", "4", *CHALLENGE, "--reason", "spring")
    assert result.exit_code == code, result.output
    assert says in result.stdout
    assert "log_loss on 1,500 rows of march@2 (less is better):" in result.stdout
    assert ("which is less than 0.1" in result.stdout) is not moved
    assert json.loads(service.asked[0].content) == {
        "version": 4,
        "reason": "spring",
        "if_better_than": "champion",
        "metric": "log_loss",
        "dataset": "march",
        "min_improvement": 0.1,
    }
    as_json = mlp("promote", "iris", "4", *CHALLENGE, "--json")
    assert (as_json.exit_code, json.loads(as_json.stdout)) == (code, service.answer)


def test_a_rollback_carries_its_reason(service: Service) -> None:
    service.answer = {"model": "iris", "alias": "champion", "version": 2}
    assert mlp("rollback", "iris", "--reason", "too slow").exit_code == 0
    assert json.loads(service.asked[0].content) == {"reason": "too slow"}
    mlp("rollback", "iris")
    assert service.asked[1].content == b""
