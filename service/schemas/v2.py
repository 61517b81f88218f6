"""The paths of the Open Inference Protocol V2 and, for the document, its bodies."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from service.schemas.base import Path


class V2ModelPath(Path):
    """A model."""

    model: str = Field(description="The model's name.")


class V2VersionPath(V2ModelPath):
    """A version of a model."""

    version: str = Field(description="Its number.")


_TENSOR: dict[str, Any] = {
    "type": "object",
    "required": ["name", "shape", "datatype"],
    "properties": {
        "name": {"type": "string"},
        "shape": {"type": "array", "items": {"type": "integer"}},
        "datatype": {"type": "string"},
        "parameters": {"type": "object"},
        "data": {"type": "array", "items": {}},
    },
}
_OUTPUT: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "parameters": {"type": "object"}},
}
_BINARY: dict[str, Any] = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
INFER_BODY: dict[str, Any] = {
    "application/json": {
        "schema": {
            "type": "object",
            "required": ["inputs"],
            "properties": {
                "id": {"type": "string"},
                "parameters": {"type": "object"},
                "inputs": {"type": "array", "minItems": 1, "items": _TENSOR},
                "outputs": {"type": "array", "items": _OUTPUT},
            },
        }
    }
}
BINARY_BODY = _BINARY
INFER_ANSWER: dict[str, Any] = {
    "description": "The outputs; with binary data behind the JSON where that was asked for.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {
                    "model_name": {"type": "string"},
                    "model_version": {"type": "string"},
                    "id": {"type": "string"},
                    "parameters": {"type": "object"},
                    "outputs": {"type": "array", "items": _TENSOR},
                },
            }
        },
        **_BINARY,
    },
}
