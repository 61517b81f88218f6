"""The one boundary where whatever was raised becomes a problem+json answer, and a fault of our own is logged."""

from __future__ import annotations

import logging

from flask import Response, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from service.answers import problem_answer
from service.problems import PROBLEMS, Problem
from service.store_problems import problem_of_error

logger = logging.getLogger(__name__)

_HTTP_CODES = {
    400: "bad_request",
    404: "path_not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    414: "address_too_long",
    415: "unsupported_media_type",
}


def answer_http(error: HTTPException) -> Response | HTTPException:
    """An error that Flask found: unknown path, wrong method, unreadable form."""
    if isinstance(error, RequestRedirect) or error.code is None:
        return error
    code = _HTTP_CODES.get(error.code, "bad_request" if error.code < 500 else "internal_error")
    detail = {
        "path_not_found": f"There is nothing at {request.path[:200]}; GET /openapi.json lists what there is.",
        "method_not_allowed": f"{request.path[:200]} does not take {request.method}.",
    }.get(code, PROBLEMS[code][1] + ".")
    answer = problem_answer(Problem(code, detail))
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            answer.headers[name] = value
    return answer


def answer_error(error: Exception) -> Response:
    """Any other error: a problem, or a fault of our own, of which nothing but an id leaves."""
    problem = problem_of_error(error)
    if problem is not None:
        if problem.resolved_status >= 500:
            # What another part did is told with where it did it; what we refuse ourselves is no news.
            cause = None if isinstance(error, Problem) else error
            logger.warning("%s %s: %s", request.method, request.path, problem, exc_info=cause)
        return problem_answer(problem)
    incident = str(g.get("request_id") or "unknown")
    logger.error("Incident %s: %s %s failed.", incident, request.method, request.path, exc_info=error)
    detail = f"Something went wrong here; it is logged as incident {incident}."
    return problem_answer(Problem("internal_error", detail))
