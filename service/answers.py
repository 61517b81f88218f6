"""An answer's bytes: JSON without NaN or Infinity, problems in their own media type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request

from service.inference.v2 import error_answer, is_v2
from service.json_bytes import json_bytes
from service.problems import MEDIA_TYPE, Problem


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    return Response(json_bytes(value), status, headers, content_type="application/json")


def problem_answer(problem: Problem) -> Response:
    """An answer that is an error, in the form that its path speaks."""
    if is_v2(request.path):
        status, body = error_answer(problem)
        return Response(body, status, problem.headers, content_type="application/json")
    return Response(json_bytes(problem.to_dict()), problem.resolved_status, problem.headers, content_type=MEDIA_TYPE)


def no_content() -> Response:
    """204: done, and nothing to say."""
    return Response(status=204)
