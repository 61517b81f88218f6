"""GET /healthz and /readyz: whether the process lives, and whether it can work."""

from __future__ import annotations

import logging

from flask import Response
from sqlalchemy.exc import SQLAlchemyError

from service.answers import json_answer, problem_answer
from service.blueprints import blueprint
from service.parts import parts
from service.problems import ErrorItem, problem_of
from service.schemas.health import HealthAnswer, ReadyAnswer
from store import schema
from store.errors import SchemaMismatch

routes = blueprint("health", __name__, "Health")
logger = logging.getLogger(__name__)


@routes.get("/healthz", responses={200: HealthAnswer})
def healthz() -> Response:
    """Whether the process lives."""
    return json_answer({"status": "ok"}, headers={"Cache-Control": "no-store"})


@routes.get("/readyz", responses={200: ReadyAnswer})
def readyz() -> Response:
    """Whether the database, its schema and the broker can be worked with."""
    items = []
    try:
        schema.require(parts().database.engine)
    except SchemaMismatch as error:
        items.append(ErrorItem("not_ready", error.detail, parameter="schema"))
    except SQLAlchemyError:
        logger.warning("The database cannot be reached.", exc_info=True)
        items.append(ErrorItem("not_ready", "The database cannot be reached.", parameter="database"))
    if not parts().dispatcher.broker_answers():
        items.append(
            ErrorItem("not_ready", "The broker cannot be reached; jobs wait in the database.", parameter="broker")
        )
    if items:
        answer = problem_answer(problem_of(items))
        answer.headers["Retry-After"] = "2"
    else:
        answer = json_answer({"status": "ready", "database": "ok", "schema": "ok", "broker": "ok"})
    answer.headers["Cache-Control"] = "no-store"
    return answer
