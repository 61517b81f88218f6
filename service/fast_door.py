"""The door in front of Flask: plain predictions pass it without Flask, everything else goes on to Flask.

Both doors stand on the same gate, predictor and body reader, so that what one refuses the other does not let in. This
one answers with success only: whatever is in the way, Flask finds it again and says it; but a database that is away is
not asked again, and Flask is told of it.
"""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from service.gate import Gate, json_headers, request_id
from service.incoming_body import IncomingBody
from service.inference.v2 import V2
from service.metrics import Metrics
from service.plain_answers import PlainAnswers
from service.problems import Problem
from service.receiving import Receiving

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_INFER = re.compile(r"/v2/models/([^/]+)(?:/versions/([^/]+))?/infer")
_JSON = frozenset({"application/json", "application/json; charset=utf-8", "application/json;charset=utf-8"})
MET = "mlp.met"  # in the environment of what goes on to Flask: the error that the database ended in here
Headers = Sequence[tuple[str, str]]


class FastDoor:
    """A WSGI application around another one.

    Parameters
    ----------
    app : WSGI application
        Answers what is not plain.
    gate, answers, v2, receiving
        Of the same application.
    metrics : Metrics
        Counts what this door answers; Flask counts the rest.
    max_body_bytes : int
        Largest body that is read here.
    project : str
        Whose models are asked.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        gate: Gate,
        answers: PlainAnswers,
        v2: V2,
        receiving: Receiving,
        metrics: Metrics,
        max_body_bytes: int,
        project: str,
    ) -> None:
        self._app = app
        self._gate = gate
        self._answers = answers
        self._v2 = v2
        self._receiving = receiving
        self._metrics = metrics
        self._max_body_bytes = max_body_bytes
        self._project = project

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer the request."""
        arrived = time.perf_counter()
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        answer = None
        try:
            if path == "/predict" and method == "GET":
                answer = self._address(environ)
            elif method == "POST" and (path == "/predict" or path.startswith("/v2/models/")):
                answer = self._body(environ, path)
        except SQLAlchemyError as error:  # it is not waited for twice
            environ[MET] = error
        except Exception:  # noqa: BLE001, S110 - Flask, which is asked next, meets it again, and answers and logs it
            pass
        if answer is None:
            return self._app(environ, start_response)
        body, headers = answer
        always = json_headers(request_id(environ.get("HTTP_X_REQUEST_ID")))
        self._metrics.observe(_route(path), method, 304 if body is None else 200, time.perf_counter() - arrived)
        if body is None:
            start_response("304 NOT MODIFIED", [*headers, *always])
            return ()
        start_response("200 OK", [*headers, ("Content-Length", str(len(body))), *always])
        return (body,)

    def _address(self, environ: WSGIEnvironment) -> tuple[bytes | None, Headers] | None:
        if not self._may_enter(environ, "GET", "/predict") or environ.get("CONTENT_LENGTH", "0") not in ("", "0"):
            return None
        query = environ.get("QUERY_STRING", "")
        answer = self._answers.of_address(self._project, query, environ.get("HTTP_IF_NONE_MATCH"))
        if answer is None:
            return None
        if answer.body is None:
            return None, answer.headers
        return answer.body, (("Content-Type", "application/json"), *answer.headers)

    def _body(self, environ: WSGIEnvironment, path: str) -> tuple[bytes | None, Headers] | None:
        infer = None if path == "/predict" else _INFER.fullmatch(path)
        if (path != "/predict" and infer is None) or environ.get("QUERY_STRING"):
            return None
        if infer is None and environ.get("CONTENT_TYPE", "").lower() not in _JSON:
            return None
        length = environ.get("CONTENT_LENGTH", "")
        if not (length.isdecimal() and length.isascii()) or not 0 < int(length) <= self._max_body_bytes:
            return None
        if "HTTP_CONTENT_ENCODING" in environ or "HTTP_TRANSFER_ENCODING" in environ:
            return None
        if not self._may_enter(environ, "POST", path):
            return None
        data = self._read(environ, int(length))
        if data is None:
            return None
        if infer is None:
            answer = self._answers.of_body(self._project, data)
            return None if answer is None else (answer.body, (("Content-Type", "application/json"), *answer.headers))
        header_length = environ.get("HTTP_INFERENCE_HEADER_CONTENT_LENGTH")
        inferred = self._v2.infer(self._project, infer[1], infer[2], data, header_length)
        return inferred.body, inferred.headers

    def _may_enter(self, environ: WSGIEnvironment, method: str, path: str) -> bool:
        try:
            self._gate.check(
                method=method,
                path=path,
                query=environ.get("QUERY_STRING", ""),
                host=environ.get("HTTP_HOST"),
                origin=environ.get("HTTP_ORIGIN"),
            )
        except Problem:
            return False
        return True

    def _read(self, environ: WSGIEnvironment, length: int) -> bytes | None:
        """The whole body, which Flask can read again; where it cannot be read, Flask finds the same in the way."""
        body = IncomingBody(
            environ["wsgi.input"], length=length, limit=self._max_body_bytes, take_place=self._receiving.take
        )
        try:
            data = body.read()
        except Problem as problem:
            environ["wsgi.input"] = _Unreadable(problem)
            return None
        finally:
            body.close()
        environ["wsgi.input"] = io.BytesIO(data)
        return data


def _route(path: str) -> str:
    """The template of the route that Flask has for the path."""
    if path == "/predict":
        return path
    return "/v2/models/<model>/versions/<version>/infer" if "/versions/" in path else "/v2/models/<model>/infer"


class _Unreadable:
    """A body that could not be read, and is no more when it is tried again."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem

    def read(self, _size: int = -1, /) -> Any:
        """Raise what was in the way."""
        raise self._problem
