"""Blueprints whose routes are documented alike: one tag, the function's name as the operation's, problems as errors."""

from __future__ import annotations

from typing import Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from service.problems import MEDIA_TYPE


def blueprint(name: str, import_name: str, tag: str) -> APIBlueprint:
    """A blueprint of the API."""
    return _documented(
        name,
        import_name,
        tag,
        {
            "description": "A problem; clients switch on its `code`.",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemAnswer"}}},
        },
    )


def v2_blueprint(name: str, import_name: str, tag: str) -> APIBlueprint:
    """A blueprint whose errors take the form of the Open Inference Protocol V2."""
    schema = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
    error = {"description": "An error of the protocol.", "content": {"application/json": {"schema": schema}}}
    return _documented(name, import_name, tag, error)


def _documented(name: str, import_name: str, tag: str, problem: dict[str, Any]) -> APIBlueprint:
    return APIBlueprint(
        name,
        import_name,
        abp_tags=[Tag(name=tag)],
        # 422 besides, or the layer would document its own form of it.
        abp_responses={"4XX": problem, "422": problem, "5XX": problem},
        operation_id_callback=_operation_id,
    )


def _operation_id(*, name: str, **_where: Any) -> str:
    return name
