"""GET a version's weights and its ONNX form: the files that `service.portable` makes of it."""

from __future__ import annotations

from typing import Any

from flask import Response

from service.blueprints import blueprint
from service.loaded_version import LoadedVersion
from service.parts import parts, project
from service.portable import onnx_file
from service.portable.weights_file import MEDIA_TYPE, about_version, weights_file
from service.problems import Problem
from service.schemas.registry import VersionPath
from service.store_problems import check_reference
from store import registry
from store.registry_tables import ModelVersionRow

routes = blueprint("portable", __name__, "Models")
MOST_ONNX_PARAMETERS = 450_000_000  # 1.8 GB
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_WEIGHTS: dict[Any, Any] = {200: {"description": "The weights.", "content": {MEDIA_TYPE: _BINARY}}}
_ONNX: dict[Any, Any] = {200: {"description": "The model.", "content": {onnx_file.MEDIA_TYPE: _BINARY}}}


@routes.get("/models/<model>/versions/<version>/weights", responses=_WEIGHTS)
def version_weights(path: VersionPath) -> Response:
    """The version as a safetensors file, with layers, activations, encoding and schema as its metadata."""
    row, weights = _load(path)
    return _file(row, weights_file(row, weights), "safetensors", MEDIA_TYPE)


@routes.get("/models/<model>/versions/<version>/onnx", responses=_ONNX)
def version_onnx(path: VersionPath) -> Response:
    """The version as an ONNX model, its encoding included."""
    row, weights = _load(path)
    if not onnx_file.can_export():
        detail = "ONNX needs the package onnx, which comes with the extra `onnx`: pip install 'mlp-service[onnx]'."
        raise Problem("not_available", detail)
    if row.parameters > MOST_ONNX_PARAMETERS:
        raise Problem("not_available", "The network is too large for one ONNX file, which takes 2 GB.")
    data = onnx_file.onnx_file(LoadedVersion.of(row, weights), about_version(row))
    return _file(row, data, "onnx", onnx_file.MEDIA_TYPE)


def _load(path: VersionPath) -> tuple[ModelVersionRow, bytes]:
    check_reference("model", path.model)
    with parts().database.read() as s:
        row = registry.get_version(s, project(), path.model, path.version)
        return row, registry.load_weights(s, row)


def _file(row: ModelVersionRow, data: bytes, suffix: str, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{row.model_name}-{row.version}.{suffix}"'}
    return Response(data, 200, headers, content_type=media_type)
