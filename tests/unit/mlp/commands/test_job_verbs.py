"""`mlp cancel`, `retry` and `forget` ask for what they say, and tell what came of it."""

from __future__ import annotations

import json

import httpx
import pytest
from typer.testing import CliRunner, Result

from mlp import client as client_module
from mlp.connection import Connection
from mlp.main import app


class Service:
    """What was asked, and what is answered to all of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, object]] = []
        self.answer = httpx.Response(202, json={"id": "job_1", "status": "queued"})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else None
        self.asked.append((request.method, request.url.raw_path.decode(), body))
        return self.answer


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


@pytest.mark.parametrize(("status", "said"), [("cancelled", "is cancelled."), ("running", "is asked to stop.")])
def test_a_cancel_says_whether_the_job_has_ended(service: Service, status: str, said: str) -> None:
    service.answer = httpx.Response(202, json={"id": "job_1", "status": status})
    result = mlp("cancel", "job_1", "--keep", "best")
    assert (result.exit_code, result.stdout) == (0, f"Job job_1 {said}\n")
    assert service.asked == [("POST", "/jobs/job_1/cancel", {"keep": "best"})]


def test_a_retry_names_the_new_job(service: Service) -> None:
    service.answer = httpx.Response(202, json={"id": "job_2", "status": "queued"})
    result = mlp("retry", "job_1")
    assert result.stdout == "Job job_2 is queued.\nNext: mlp watch job_2\n"
    assert service.asked == [("POST", "/jobs/job_1/retry", None)]
    assert json.loads(mlp("retry", "job_1", "--json").stdout)["id"] == "job_2"


def test_jobs_are_forgotten_one_by_one(service: Service) -> None:
    service.answer = httpx.Response(204)
    assert mlp("forget", "job_1", "job_2").stdout == "Job job_1 is deleted.\nJob job_2 is deleted.\n"
    assert [asked[:2] for asked in service.asked] == [("DELETE", "/jobs/job_1"), ("DELETE", "/jobs/job_2")]


def test_the_list_is_asked_for_by_dataset(service: Service) -> None:
    service.answer = httpx.Response(200, json={"items": [], "next_cursor": None})
    assert mlp("jobs", "--dataset", "iris@2").exit_code == 0
    assert service.asked[0][1] == "/jobs?dataset=iris%402&limit=500"


def test_a_full_queue_says_when_to_come_again(service: Service) -> None:
    problem = {"status": 429, "code": "too_many_jobs", "detail": "10,000 jobs wait for a worker already."}
    service.answer = httpx.Response(429, json=problem, headers={"Retry-After": "10"})
    result = mlp("retry", "job_1")
    assert result.exit_code == 1
    assert "10,000 jobs wait for a worker already. (too_many_jobs)" in result.stderr
    assert "Try again in 10 s." in result.stderr
