"""Commands that fail say what was wrong, what to type next, and leave with the right code."""

from __future__ import annotations

import socket

import httpx
import pytest
from typer.testing import CliRunner, Result

from mlp import client as client_module
from mlp.commands import terminal
from mlp.connection import Connection
from mlp.main import app


def mlp(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, list(arguments))


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> list[httpx.Response]:
    """What the service answers, one after the other; the last again and again."""
    answers: list[httpx.Response] = []

    def handler(_: httpx.Request) -> httpx.Response:
        return answers.pop(0) if len(answers) > 1 else answers[0]

    class Answering(Connection):
        def __init__(self, url: str, timeout: float, transport: httpx.BaseTransport | None) -> None:
            super().__init__(url, timeout, httpx.MockTransport(handler))

    monkeypatch.setattr(client_module, "Connection", Answering)
    return answers


def problem(status: int, code: str, detail: str, **more: object) -> httpx.Response:
    return httpx.Response(status, json={"status": status, "code": code, "detail": detail, **more})


def test_no_service_is_code_3_and_says_how_to_start_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        monkeypatch.setenv("MLP_URL", url)
        result = mlp("jobs")
    assert result.exit_code == 3
    assert f"Nothing answers at {url}" in result.stderr
    assert "mlp up" in result.stderr


def test_an_address_that_is_none_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLP_URL", "somewhere")
    result = mlp("models")
    assert result.exit_code == 2
    assert "'somewhere' is not an address" in result.stderr


@pytest.mark.parametrize(
    ("command", "code", "next_step"),
    [
        (["dataset", "show", "x"], "dataset_not_found", "mlp dataset list"),
        (["watch", "x"], "job_not_found", "mlp jobs"),
        (["models", "x"], "model_not_found", "mlp models"),
    ],
)
def test_a_thing_that_does_not_exist_is_code_1_and_says_how_to_list_them(
    answer: list[httpx.Response], command: list[str], code: str, next_step: str
) -> None:
    answer.append(problem(404, code, "There is no such thing."))
    result = mlp(*command)
    assert result.exit_code == 1
    assert "There is no such thing." in result.stderr
    assert next_step in result.stderr


def test_a_refusal_shows_every_place(answer: list[httpx.Response]) -> None:
    errors = [{"pointer": "/epochs", "code": "x", "detail": "At least 1 [sic]."}, {"pointer": "/seed", "detail": "No."}]
    answer.append(problem(422, "invalid", "Two fields.", errors=errors))
    result = mlp("train", "iris", "--target", "species", "--epochs", "0")
    assert result.exit_code == 1
    assert "Two fields. (invalid)" in result.stderr
    assert "/epochs: At least 1 [sic]." in result.stderr
    assert "/seed: No." in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "iris"],
        ["train", "iris", "-t", "species", "--hidden", "a,b"],
        ["predict", "iris"],
        ["predict", "iris", "no-equals-sign"],
        ["predict", "iris", "a=1", "a=2"],
        ["dataset", "add", "/no/such/file.csv"],
        ["no-such-command"],
        ["up", "--port", "70000"],
    ],
)
def test_a_command_that_is_not_understood_is_code_2(arguments: list[str]) -> None:
    assert mlp(*arguments).exit_code == 2


def test_a_setting_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLP_LEASE_SECONDS", "soon")
    result = mlp("up")
    assert result.exit_code == 2
    assert "MLP_LEASE_SECONDS" in result.stderr


def test_an_address_that_others_reach_must_be_allowed() -> None:
    result = mlp("up", "--host", "0.0.0.0")
    assert result.exit_code == 1
    assert "MLP_ALLOW_REMOTE=true" in result.stderr


def test_the_address_of_the_service_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert terminal.service_url() == "http://127.0.0.1:8000"
    monkeypatch.setenv("MLP_URL", "http://there:1")
    assert terminal.service_url() == "http://there:1"


@pytest.mark.parametrize(("value", "text"), [(True, "true"), (None, ""), (3, "3"), ("a", "a"), (1.5, "1.5")])
def test_a_value_is_a_cell_as_json_writes_it(value: object, text: str) -> None:
    assert terminal.text_of(value) == text


def test_empty_lists_say_what_comes_next(answer: list[httpx.Response]) -> None:
    answer.append(httpx.Response(200, json={"items": [], "next_cursor": None}))
    assert "mlp dataset add" in mlp("dataset", "list").stdout
    assert "mlp train" in mlp("jobs").stdout
    assert "mlp train" in mlp("models").stdout
    assert mlp("jobs", "--json").stdout == "[]\n"
