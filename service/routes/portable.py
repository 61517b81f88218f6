"""GET a version's weights: the file that `service.portable` makes of it."""

from __future__ import annotations

from typing import Any

from flask import Response

from service.blueprints import blueprint
from service.parts import parts, project
from service.portable.weights_file import MEDIA_TYPE, weights_file
from service.schemas.registry import VersionPath
from service.store_problems import check_reference
from store import registry
from store.registry_tables import ModelVersionRow

routes = blueprint("portable", __name__, "Models")
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_WEIGHTS: dict[Any, Any] = {200: {"description": "The weights.", "content": {MEDIA_TYPE: _BINARY}}}


@routes.get("/models/<model>/versions/<version>/weights", responses=_WEIGHTS)
def version_weights(path: VersionPath) -> Response:
    """The version as a safetensors file, with layers, activations, encoding and schema as its metadata."""
    row, weights = _load(path)
    return _file(row, weights_file(row, weights), "safetensors", MEDIA_TYPE)


def _load(path: VersionPath) -> tuple[ModelVersionRow, bytes]:
    check_reference("model", path.model)
    with parts().database.read() as s:
        row = registry.get_version(s, project(), path.model, path.version)
        return row, registry.load_weights(s, row)


def _file(row: ModelVersionRow, data: bytes, suffix: str, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{row.model_name}-{row.version}.{suffix}"'}
    return Response(data, 200, headers, content_type=media_type)
