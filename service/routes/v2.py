"""/v2: the Open Inference Protocol V2, by `service.inference`."""

from __future__ import annotations

from typing import Any, cast

from flask import Response, request
from sqlalchemy.exc import SQLAlchemyError

from service.answers import json_answer
from service.blueprints import v2_blueprint
from service.parts import parts, project
from service.problems import Problem
from service.request_body import StrictRequest
from service.schemas.v2 import BINARY_BODY, INFER_ANSWER, INFER_BODY, V2ModelPath, V2VersionPath
from store import schema
from store.errors import SchemaMismatch

routes = v2_blueprint("v2", __name__, "Open Inference Protocol V2")
_NO_STORE = {"Cache-Control": "no-store"}
_INFER: dict[str, Any] = {
    "responses": {200: INFER_ANSWER},
    "openapi_extensions": {"requestBody": {"required": True, "content": {**INFER_BODY, **BINARY_BODY}}},
}
_ANY: Any = {200: {"description": "As the protocol has it.", "content": {"application/json": {"schema": {}}}}}


@routes.get("/v2", responses=_ANY)
def v2_server() -> Response:
    """The server's metadata."""
    return json_answer(parts().v2.server_metadata())


@routes.get("/v2/", responses=_ANY)
def v2_server_too() -> Response:
    """The server's metadata."""
    return json_answer(parts().v2.server_metadata())


@routes.get("/v2/health/live", responses=_ANY)
def v2_live() -> Response:
    """Whether the process lives."""
    return json_answer({"live": True}, headers=_NO_STORE)


@routes.get("/v2/health/ready", responses=_ANY)
def v2_ready() -> Response:
    """Whether the server can infer: the broker is no part of that."""
    try:
        schema.require(parts().database.engine)
    except SchemaMismatch as error:
        raise Problem("not_ready", error.detail) from None
    except SQLAlchemyError:
        raise Problem("not_ready", "The database cannot be reached.") from None
    return json_answer({"ready": True}, headers=_NO_STORE)


@routes.post("/v2/repository/index", responses=_ANY)
def v2_index() -> Response:
    """Every version of every model."""
    return json_answer(parts().v2.repository_index(project(), _body()), headers=_NO_STORE)


@routes.get("/v2/models/<model>", responses=_ANY)
def v2_model(path: V2ModelPath) -> Response:
    """A model's inputs and outputs, as the version has them that answers."""
    return json_answer(parts().v2.model_metadata(project(), path.model, None))


@routes.get("/v2/models/<model>/versions/<version>", responses=_ANY)
def v2_version(path: V2VersionPath) -> Response:
    """A version's inputs and outputs."""
    return json_answer(parts().v2.model_metadata(project(), path.model, path.version))


@routes.get("/v2/models/<model>/ready", responses=_ANY)
def v2_model_ready(path: V2ModelPath) -> Response:
    """Whether a version of the model answers."""
    return _ready(path.model, None)


@routes.get("/v2/models/<model>/versions/<version>/ready", responses=_ANY)
def v2_version_ready(path: V2VersionPath) -> Response:
    """Whether the version answers."""
    return _ready(path.model, path.version)


@routes.post("/v2/models/<model>/infer", **_INFER)
def v2_infer(path: V2ModelPath) -> Response:
    """Infer, by the version that answers."""
    return _infer(path.model, None)


@routes.post("/v2/models/<model>/versions/<version>/infer", **_INFER)
def v2_infer_version(path: V2VersionPath) -> Response:
    """Infer, by a version."""
    return _infer(path.model, path.version)


def _ready(model: str, version: str | None) -> Response:
    selection, _ = parts().v2.choose(project(), model, version)
    return json_answer({"name": selection.model, "ready": True}, headers=_NO_STORE)


def _infer(model: str, version: str | None) -> Response:
    header_length = request.headers.get("Inference-Header-Content-Length")
    answer = parts().v2.infer(project(), model, version, _body(), header_length)
    return Response(answer.body, 200, list(answer.headers))


def _body() -> bytes:
    return cast(StrictRequest, request).read_all(parts().settings.max_json_bytes)
