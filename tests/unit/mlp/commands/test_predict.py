"""`mlp predict --dataset` asks for a job, and follows it where that is wished."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from mlp import client as client_module
from mlp.connection import Connection
from mlp.main import app

JOB: dict[str, Any] = {
    "id": "job_1",
    "kind": "predict",
    "status": "queued",
    "error": None,
    "model": {"name": "m", "version": 3},
    "result": None,
    "warnings": [{"column": "colour", "code": "unseen_category", "detail": "In 5 rows of 'colour' something is new."}],
}
PROGRESS = {"epoch": 10, "epochs": 20, "fraction": 0.5, "eta_seconds": 1.0, "samples_per_second": 10.0}


class Service:
    """A service that has one prediction, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.ended = {**JOB, "status": "succeeded", "result": "ds_1"}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if request.method == "POST":
            assert request.headers["Idempotency-Key"]
            self.asked.append((path, json.loads(request.content)))
            return httpx.Response(202, json=JOB)
        if path == "/jobs/job_1/events":
            states = ({"status": status, "progress": PROGRESS} for status in ("running", self.ended["status"]))
            text = "".join(f"event: status\ndata: {json.dumps(state)}\n\n" for state in states)
            return httpx.Response(200, text=text, headers={"Content-Type": "text/event-stream"})
        if path == "/jobs/job_1/history":
            return httpx.Response(200, json={"items": []})
        if path == "/datasets/ds_1":
            return httpx.Response(200, json={"name": "t-m-3", "version": 2, "rows": 12345, "id": "ds_1"})
        assert path == "/jobs/job_1", path
        return httpx.Response(200, json=self.ended)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    service = Service()

    class Answering(Connection):
        def __init__(self, url: str, timeout: float, transport: httpx.BaseTransport | None) -> None:
            super().__init__(url, timeout, httpx.MockTransport(service))

    monkeypatch.setattr(client_module, "Connection", Answering)
    return service


def mlp(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, list(arguments))


def test_a_dataset_is_asked_for_and_the_job_named(service: Service) -> None:
    result = mlp("predict", "m", "--dataset", "t@2", "--name", "mine", "--version", "3")
    assert (result.exit_code, result.stdout) == (0, "Job job_1 is queued.\nNext: mlp watch job_1\n")
    assert service.asked == [("/predict", {"model": "m", "dataset": "t@2", "name": "mine", "version": 3})]
    assert json.loads(mlp("predict", "m", "--dataset", "t", "--json").stdout) == JOB


def test_a_job_that_is_waited_for_ends_with_the_dataset(service: Service) -> None:
    result = mlp("predict", "m", "--dataset", "t", "--wait")
    assert result.exit_code == 0, result.output
    assert "t-m-3@2 is ready: 12,345 rows.\nNext: mlp dataset show t-m-3@2\n" in result.stdout
    assert "! In 5 rows of 'colour' something is new." in result.stdout
    assert json.loads(mlp("predict", "m", "--dataset", "t", "--wait", "--json").stdout)["result"] == "ds_1"


def test_a_job_that_fails_says_why(service: Service) -> None:
    error = {"code": "out_of_disk", "detail": "The disk has no room for the result.", "hint": "Make room."}
    service.ended = {**JOB, "status": "failed", "error": error}
    result = mlp("predict", "m", "--dataset", "t", "--wait")
    assert result.exit_code == 1
    assert "The disk has no room for the result." in result.stderr


@pytest.mark.parametrize(
    "arguments", [("a=1", "--dataset", "t"), ("a=1", "--wait"), ("a=1", "--name", "x"), (), ("--wait",)]
)
def test_one_thing_at_a_time_is_predicted(service: Service, arguments: tuple[str, ...]) -> None:
    assert mlp("predict", "m", *arguments).exit_code == 2
    assert service.asked == []
