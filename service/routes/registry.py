"""Models and their versions: listed, shown, described, imported, deleted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from flask import Response, request
from sqlalchemy.orm import Session

from service.answers import json_answer, no_content
from service.blueprints import blueprint
from service.gate import media_type
from service.lineage import lineage_answer
from service.pages import a_count, a_name, a_time, page, read_cursor
from service.parts import parts, project
from service.portable.imported import new_version
from service.portable.sklearn_network import read_sklearn
from service.portable.weights_file import MEDIA_TYPE
from service.portable.weights_import import read_weights_file
from service.problems import problem_at
from service.request_body import StrictRequest
from service.schemas.base import PageQuery
from service.schemas.comparison import VersionsAnswer, VersionsQuery
from service.schemas.registry import (
    DescribeModelRequest,
    DescribeRequest,
    ModelAnswer,
    ModelPage,
    ModelPath,
    VersionAnswer,
    VersionPath,
)
from service.side_by_side import side_by_side
from service.store_problems import check_name, check_reference, placed
from service.training_settings import shown_config
from store import registry
from store.clock import rfc3339
from store.errors import NotFound
from store.prediction_log import clear_predictions
from store.registry_tables import ModelRow, ModelVersionRow
from store.selection import select_version

routes = blueprint("models", __name__, "Models")
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FILES = ("application/octet-stream", MEDIA_TYPE)


@routes.get("/models", responses={200: ModelPage})
def list_models(query: PageQuery) -> Response:
    """Models, newest first."""
    place = read_cursor(query.cursor, a_time, a_name)
    before = None if place is None else (place[0], place[1])
    with parts().database.read() as s:
        rows = registry.find_models(s, project(), before=before, limit=query.limit + 1)
        newest = registry.newest_versions(s, project(), [row.name for row in rows])
    shown = page(
        rows, query.limit, lambda row: model_answer(row, newest.get(row.name)), lambda r: [r.created_at, r.name]
    )
    return json_answer(shown)


@routes.get("/models/<model>", responses={200: ModelAnswer})
def show_model(path: ModelPath) -> Response:
    """One model."""
    check_reference("model", path.model)
    with parts().database.read() as s:
        row = registry.get_model(s, project(), path.model)
        newest = registry.newest_versions(s, project(), [row.name]).get(row.name)
    return json_answer(model_answer(row, newest))


@routes.patch("/models/<model>", responses={200: ModelAnswer})
def describe_model(path: ModelPath, body: DescribeModelRequest) -> Response:
    """Change a model's tags or description, or which share of its predictions is logged."""
    check_reference("model", path.model)
    with parts().database.write() as s:
        row = registry.get_model(s, project(), path.model)
        registry.describe(row, **body.given)
        newest = registry.newest_versions(s, project(), [row.name]).get(row.name)
    return json_answer(model_answer(row, newest))


@routes.delete("/models/<model>", responses={204: None})
def delete_model(path: ModelPath) -> Response:
    """Delete a model with all its versions; refused while an alias points at one."""
    check_reference("model", path.model)
    with parts().database.write() as s:
        registry.delete_model(s, project(), path.model)
        clear_predictions(s, project(), path.model)
    return no_content()


@routes.get("/models/<model>/versions", responses={200: VersionsAnswer})
def list_versions(path: ModelPath, query: VersionsQuery) -> Response:
    """A model's versions, newest first, or their metrics side by side."""
    check_reference("model", path.model)
    before, numbers = read_cursor(query.cursor, a_count), query.numbers
    with parts().database.read() as s:
        rows = registry.find_versions(s, project(), path.model, of=numbers, before=before, limit=query.limit + 1)
        if numbers is not None:
            _check_numbers(s, path.model, numbers)
        if query.compare:
            return json_answer(_compared(s, path.model, rows[: query.limit], query))
    return json_answer(page(rows, query.limit, version_answer, lambda row: row.version))


def _check_numbers(s: Session, model: str, numbers: list[int]) -> None:
    with placed(parameter="versions"):
        for number in sorted(set(numbers)):
            registry.get_version(s, project(), model, number)


def _compared(s: Session, model: str, rows: list[ModelVersionRow], query: VersionsQuery) -> dict[str, Any]:
    if query.cursor is not None:
        raise problem_at("unknown_parameter", "A comparison has no pages; name the `versions`.", parameter="cursor")
    try:
        chosen = select_version(s, project(), model)
        reference = registry.get_version(s, project(), model, chosen.version)
    except NotFound:  # none of a training that succeeded
        return side_by_side(model, rows, next(iter(rows), None), "newest")
    return side_by_side(model, rows, reference, chosen.selected_by)


@routes.post(
    "/models/<model>/versions",
    responses={201: VersionAnswer},
    openapi_extensions={
        "requestBody": {
            "required": True,
            "content": {
                **dict.fromkeys(_FILES, _BINARY),
                "application/json": {"schema": {"type": "object"}},
            },
        }
    },
)
def import_version(path: ModelPath) -> Response:
    """Add a version from a safetensors file of ours, or from a scikit-learn MLP told in JSON."""
    name, settings = check_name(path.model, parameter="model"), parts().settings
    depth, digits = settings.max_json_depth, settings.max_json_digits
    strict = cast(StrictRequest, request)
    if media_type(request.headers.get("Content-Type")) in _FILES:
        data = strict.read_all(settings.max_json_bytes)
        form, (about, tensors) = "safetensors", read_weights_file(data, max_depth=depth, max_digits=digits)
    else:
        form, (about, tensors) = "scikit-learn", read_sklearn(strict.get_json())
    new, task, target = new_version(about, tensors, name)
    new = replace(new, lineage={"imported_from": form})
    with parts().database.write() as s:
        number = registry.publish_version(s, project(), name, new, task=task, target=target)
        answer = version_answer(registry.get_version(s, project(), name, number))
    return json_answer(answer, 201, {"Location": f"/models/{name}/versions/{number}"})


@routes.get("/models/<model>/versions/<version>", responses={200: VersionAnswer})
def show_version(path: VersionPath) -> Response:
    """One version of a model."""
    check_reference("model", path.model)
    with parts().database.read() as s:
        row = registry.get_version(s, project(), path.model, path.version)
    return json_answer(version_answer(row))


@routes.patch("/models/<model>/versions/<version>", responses={200: VersionAnswer})
def describe_version(path: VersionPath, body: DescribeRequest) -> Response:
    """Change a version's tags or description; the version itself never changes."""
    check_reference("model", path.model)
    with parts().database.write() as s:
        row = registry.get_version(s, project(), path.model, path.version)
        registry.describe(row, **body.given)
    return json_answer(version_answer(row))


@routes.delete("/models/<model>/versions/<version>", responses={204: None})
def delete_version(path: VersionPath) -> Response:
    """Delete a version; refused while an alias points at it. Its number is not given again."""
    check_reference("model", path.model)
    with parts().database.write() as s:
        registry.delete_version(s, project(), path.model, path.version)
        clear_predictions(s, project(), path.model, path.version)
    return no_content()


def model_answer(row: ModelRow, newest: int | None) -> dict[str, Any]:
    """The model as JSON."""
    return {
        "name": row.name,
        "task": row.task,
        "target": row.target,
        "newest_version": newest,
        "log_sample": row.log_sample,
        "description": row.description,
        "tags": row.tags,
        "created_at": rfc3339(row.created_at),
    }


def version_answer(row: ModelVersionRow) -> dict[str, Any]:
    """The version as JSON."""
    return {
        "model": row.model_name,
        "version": row.version,
        "created_at": rfc3339(row.created_at),
        "source": row.source,
        "sha256": row.sha256,
        "config": shown_config(row.config),
        "schema": row.schema,
        "metrics": row.metrics,
        "importances": row.importances,
        "best_epoch": row.best_epoch,
        "dataset": row.dataset,
        "job": row.job_id,
        "lineage": lineage_answer(row),
        "parameters": row.parameters,
        "network": row.network,
        "description": row.description,
        "tags": row.tags,
    }
