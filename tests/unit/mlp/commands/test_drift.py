"""`mlp drift` shows what moved most first, in eighty columns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from typer.testing import CliRunner

from mlp.commands import terminal
from mlp.main import app

QUIET = {"psi": 0.01, "p_value": 0.5, "drifted": False, "bins": [{"bin": "a", "training": 0.5, "predicted": 0.51}]}
LOUD = {
    "psi": 1.25,
    "p_value": 3e-41,
    "drifted": True,
    "bins": [{"bin": "(4.8, 5]", "training": 0.1, "predicted": 0.1}, {"bin": "> 7.9", "training": 0, "predicted": 0.9}],
}
ANSWER: dict[str, Any] = {
    "model": "iris",
    "version": 3,
    "rows": 1000,
    "drifted": ["sepal_length"],
    "features": [{"name": "petal_width", **QUIET}, {"name": "sepal_length", **LOUD}],
    "outputs": [{"name": "species", **QUIET}],
}


class Client:
    def __init__(self) -> None:
        self.asked: list[Any] = []

    def drift(self, model: str, **options: Any) -> dict[str, Any]:
        self.asked.append((model, options))
        return ANSWER


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    client = Client()

    @contextmanager
    def service() -> Iterator[Client]:
        yield client

    monkeypatch.setattr(terminal, "service", service)
    return client


def test_what_moved_most_comes_first_and_fits_eighty_columns(client: Client) -> None:
    result = CliRunner(env={"COLUMNS": "80"}).invoke(app, ["drift", "iris", "--version", "3"])
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[0] == "iris version 3: 1,000 predictions, 1 of 3 columns have drifted."
    assert lines[2].split() == ["sepal_length", "input", "1.250", "3e-41", ">", "7.9", "0.0%", "90.0%"]
    assert [line.split()[0] for line in lines[2:]] == ["sepal_length", "petal_width", "species"]
    assert client.asked == [("iris", {"version": 3, "since": None})]


def test_json_is_the_answer(client: Client) -> None:
    asked = ["drift", "iris", "--json", "--since", "2026-01-31T12:00:00Z"]
    assert json.loads(CliRunner().invoke(app, asked).stdout) == ANSWER
    assert client.asked == [("iris", {"version": None, "since": "2026-01-31T12:00:00Z"})]
