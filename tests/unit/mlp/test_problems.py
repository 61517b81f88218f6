"""An error answer becomes the error of its name."""

from __future__ import annotations

import inspect
import json

import pytest

import mlp
from mlp import problems


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, problems.BadRequest),
        (404, problems.NotFound),
        (409, problems.Conflict),
        (413, problems.BadRequest),
        (415, problems.BadRequest),
        (422, problems.Unacceptable),
        (429, problems.TooManyRequests),
        (500, problems.ServerTrouble),
        (503, problems.ServerTrouble),
    ],
)
def test_each_status_has_its_class(status: int, kind: type[problems.Problem]) -> None:
    assert type(problems.problem_from(status, b"{}", {})) is kind


def test_a_problem_document_is_read_whole() -> None:
    errors = [{"pointer": "/network/hidden/0", "code": "greater_than", "detail": "Must be at least 1."}]
    document = {"title": "Unprocessable", "status": 422, "code": "invalid", "detail": "One field.", "errors": errors}
    problem = problems.problem_from(422, json.dumps(document).encode(), {"x-request-id": "r1", "retry-after": "7"})
    assert (problem.status, problem.code, problem.detail, problem.errors) == (422, "invalid", "One field.", errors)
    assert (problem.title, problem.request_id, problem.retry_after) == ("Unprocessable", "r1", 7.0)
    assert "/network/hidden/0: Must be at least 1." in str(problem)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'"x"', b'{"errors": 3}', b"\xff"])
def test_a_body_that_is_no_problem_document_still_makes_a_problem(body: bytes) -> None:
    problem = problems.problem_from(502, body, {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"})
    assert (problem.code, problem.errors, problem.retry_after) == ("http_502", [], None)
    assert "502" in problem.detail


def test_an_error_s_place_is_said_in_words() -> None:
    assert problems.place({"row": 3, "column": "age", "detail": "x"}) == "row 3, column age: "
    assert problems.place({"parameter": "epochs"}) == "epochs: "
    assert problems.place({"detail": "x"}) == ""


def test_a_failed_job_says_why_and_what_to_try() -> None:
    error = {"code": "training_diverged", "detail": "The loss is not finite.", "hint": "Lower the learning rate."}
    failed = problems.JobFailed({"id": "job_1", "status": "failed", "error": error})
    assert failed.code == "training_diverged"
    assert "The loss is not finite. Lower the learning rate." in str(failed)
    assert problems.JobFailed({"id": "job_1", "status": "cancelled", "error": None}).code == "job_cancelled"


def test_the_tree_in_the_docstring_and_the_public_names_are_complete() -> None:
    classes = {
        name
        for name, value in inspect.getmembers(problems, inspect.isclass)
        if issubclass(value, problems.MLPClientError)
    }
    drawn = {word for word in str(problems.__doc__).replace("─", " ").split() if word in classes}
    assert drawn == classes
    assert set(mlp.__all__) - {"Client"} == classes
