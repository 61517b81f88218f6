"""The application factory: settings in, a Flask application with all its routes out."""

from __future__ import annotations

import logging
import time
from typing import Any, cast

from flask import Response, current_app, g, request
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException

from service import errors, stopping
from service.dispatch import Dispatcher
from service.drift_gauges import DriftGauges
from service.event_feed import EventFeed
from service.fast_door import MET, FastDoor
from service.gate import CONTENT_SECURITY_POLICY, Gate, answer_headers, request_id
from service.gauges import Gauges
from service.inference.v2 import V2
from service.links import Links
from service.metrics import Metrics
from service.parts import EXTENSION, Parts, parts
from service.plain_answers import PlainAnswers
from service.prediction_log import PredictionLog
from service.predictor import Predictor
from service.problems import problem_at, shown
from service.receiving import Receiving
from service.request_body import StrictRequest
from service.routes import (
    aliases,
    datasets,
    documentation,
    drift,
    events,
    health,
    jobs,
    portable,
    predict,
    predictions,
    registry,
    train,
    v2,
)
from service.routes import metrics as metrics_route
from service.schemas.problem import ProblemAnswer
from service.streams import Streams
from service.validation import problem_from
from store.database import Database
from store.files import FileStore
from store.settings import Settings
from store.tables import DEFAULT_PROJECT

logger = logging.getLogger(__name__)

ROUTES = (
    datasets,
    train,
    jobs,
    events,
    registry,
    aliases,
    portable,
    predict,
    predictions,
    drift,
    v2,
    health,
    metrics_route,
    documentation,
)
_DESCRIPTION = "Train multilayer perceptrons on a table, and ask them for predictions."


class Application(OpenAPI):
    """Flask with the OpenAPI layer, and requests that are read strictly."""

    request_class = StrictRequest


def create_app(settings: Settings, *, validate_answers: bool = False) -> Application:
    """An application on these settings; it connects to nothing before the first request.

    Parameters
    ----------
    validate_answers : bool
        Check every answer against its documented form, as tests do.
    """
    app = Application(
        "service",
        info=Info(title="MLP service", version="0.1.0", description=_DESCRIPTION),
        doc_ui=False,
        static_folder=None,
        security_schemes={},  # none yet; without it the document would say null, which no reader takes
        validation_error_model=ProblemAnswer,
        validation_error_callback=_refuse,
        validate_response=validate_answers,
        validate_response_callback=_check_answer,
    )
    app.extensions[EXTENSION] = _parts(settings)
    app.before_request(_enter)
    app.after_request(_leave)
    app.after_request(_count)
    app.teardown_request(_let_go)
    app.register_error_handler(HTTPException, errors.answer_http)
    app.register_error_handler(Exception, errors.answer_error)
    app.url_map.merge_slashes = False  # `//` is another path, not one to be sent elsewhere
    for module in ROUTES:
        app.register_api(module.routes)
    return app


def fast_door(app: Application) -> FastDoor:
    """The application behind the door that plain predictions pass without it."""
    mine: Parts = app.extensions[EXTENSION]
    return FastDoor(
        app.wsgi_app,
        gate=mine.gate,
        answers=PlainAnswers(mine.predictor, max_rows=mine.settings.max_predict_rows),
        v2=mine.v2,
        receiving=mine.receiving,
        metrics=mine.metrics,
        max_body_bytes=mine.settings.max_json_bytes,
        project=DEFAULT_PROJECT,
    )


def _parts(settings: Settings) -> Parts:
    # Every thread of the server may hold a connection, and pollers of event streams besides.
    database = Database(
        settings.resolved_database_url, pool_size=settings.api_threads, silence_seconds=settings.database_seconds
    )
    files = FileStore(settings.resolved_data_url)
    metrics = Metrics()
    log = PredictionLog(database)
    predictor = Predictor(database, settings, metrics.predicted, log)
    metrics.add(Gauges(database, lambda: predictor.cache_bytes))
    metrics.add(DriftGauges(database))
    # Streams and bodies on their way in hold threads for as long as their clients like: together not all of them.
    streams, free = max(1, settings.api_threads // 2), max(1, settings.api_threads // 8)
    return Parts(
        settings=settings,
        database=database,
        files=files,
        gate=Gate(settings.allowed_hosts.split(","), max_address_bytes=settings.max_query_bytes),
        dispatcher=Dispatcher(settings, database),
        predictor=predictor,
        v2=V2(database, predictor, settings),
        feed=EventFeed(database, stopping=stopping.announced),
        links=Links(database, files, max_address_bytes=settings.max_query_bytes),
        metrics=metrics,
        log=log,
        streams=Streams(streams),
        receiving=Receiving(settings.api_threads - streams - free),
    )


def _enter() -> None:
    g.arrived = time.perf_counter()
    g.request_id = request_id(request.headers.get("X-Request-Id"))
    parts().gate.check(
        method=request.method,
        path=request.path,
        query=request.environ.get("QUERY_STRING", ""),
        host=request.environ.get("HTTP_HOST"),
        origin=request.headers.get("Origin"),
    )
    if MET in request.environ:
        raise cast(Exception, request.environ[MET])
    view = current_app.view_functions.get(request.endpoint or "")
    if view is not None and request.endpoint != "predict.predict_one":  # which reads its address itself
        for name, values in request.args.lists():
            if len(values) > 1:
                raise problem_at("repeated_parameter", f"The parameter {shown(name)} stands twice.", parameter=name)
            if "query" not in view.__annotations__:
                raise problem_at("unknown_parameter", "This path takes no parameters.", parameter=name)


def _leave(response: Response) -> Response:
    for name, value in answer_headers(g.get("request_id") or request_id(None)):
        response.headers[name] = value
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    if response.status_code in (204, 304) or request.method == "OPTIONS":
        del response.headers["Content-Type"]  # of nothing
    return response


def _count(response: Response) -> Response:
    rule, now = request.url_rule, time.perf_counter()
    route = None if rule is None else rule.rule
    parts().metrics.observe(route, request.method, response.status_code, now - g.get("arrived", now))
    return response


def _let_go(_error: BaseException | None) -> None:
    cast(StrictRequest, request).let_go()


def _check_answer(answer: Response, documented: Any) -> Response:
    """Check an answer against the form that its route documents for its status, where that is a model."""
    form = documented.get(answer.status_code)
    if isinstance(form, type) and issubclass(form, BaseModel):
        form.model_validate_json(answer.get_data())
    return answer


def _refuse(error: ValidationError) -> Any:
    strict = cast(StrictRequest, request)
    raise problem_from(error, strict.read_json)
