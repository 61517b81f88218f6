"""GET /models/{m}/drift: what a version is asked, and answers, beside what it was trained on."""

from __future__ import annotations

from datetime import datetime

from flask import Response

from service.answers import json_answer
from service.blueprints import blueprint
from service.drift import drift_answer, measure
from service.parts import parts, project
from service.problems import problem_at
from service.schemas.drift import DriftAnswer, DriftQuery
from service.schemas.registry import ModelPath
from service.store_problems import check_reference, placed
from store.clock import rfc3339
from store.selection import select_version

routes = blueprint("drift", __name__, "Models")


@routes.get("/models/<model>/drift", responses={200: DriftAnswer})
def show_drift(path: ModelPath, query: DriftQuery) -> Response:
    """How far the logged predictions of a version have moved from its training rows."""
    check_reference("model", path.model)
    since = _seconds(query.since)
    log = parts().log
    if log is not None:
        log.flush()
    with parts().database.read() as s:
        with placed(parameter="version", others={"model_not_found": {}}):
            chosen = select_version(s, project(), path.model, version=query.version)
        drift = measure(s, project(), path.model, chosen.version, since=since)
    answer = {
        "model": path.model,
        "version": chosen.version,
        "selected_by": chosen.selected_by,
        "since": rfc3339(since),
        "first_at": rfc3339(drift.first),
        "last_at": rfc3339(drift.last),
        **drift_answer(drift),
    }
    return json_answer(answer)


def _seconds(text: str | None) -> float | None:
    """The time as seconds since the epoch."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return at.timestamp()
    except (ValueError, OverflowError):
        pass
    detail = "The parameter 'since' takes an RFC 3339 time such as 2026-01-31T12:00:00Z."
    raise problem_at("invalid_value", detail, parameter="since")
