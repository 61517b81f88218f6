"""Aliases: names that point at a version, moved and rolled back in one call."""

from __future__ import annotations

from typing import Any, cast

from flask import Response, request

from service.answers import json_answer, no_content
from service.blueprints import blueprint
from service.challenge import Verdict, is_challenge, judge
from service.pages import a_count, page, read_cursor
from service.parts import parts, project
from service.request_body import StrictRequest
from service.schemas.aliases import (
    AliasAnswer,
    AliasHistoryPage,
    AliasList,
    AliasPath,
    MoveAnswer,
    MoveRequest,
    RollbackRequest,
)
from service.schemas.base import PageQuery
from service.schemas.registry import ModelPath
from service.scoring import Contestant
from service.store_problems import check_name, check_reference, placed
from service.validation import validated
from store import aliases
from store.clock import rfc3339
from store.registry_tables import AliasMoveRow, AliasRow, ModelVersionRow
from store.selection import Selection

routes = blueprint("aliases", __name__, "Models")
_PLACES = {
    "version_not_found": {"pointer": "/version"},
    "alias_not_found": {"pointer": "/if_better_than"},
    "dataset_not_found": {"pointer": "/dataset"},
    "alias_moved": {"parameter": "alias"},
}


@routes.get("/models/<model>/aliases", responses={200: AliasList})
def list_aliases(path: ModelPath) -> Response:
    """A model's aliases."""
    check_reference("model", path.model)
    with parts().database.read() as s:
        rows = aliases.find_aliases(s, project(), path.model)
    return json_answer({"items": [alias_answer(row) for row in rows]})


@routes.put("/models/<model>/aliases/<alias>", responses={200: MoveAnswer, 201: MoveAnswer})
def move_alias(path: AliasPath, body: MoveRequest) -> Response:
    """Let an alias point at a version, only if it is better where `if_better_than` says so."""
    check_reference("model", path.model)
    check_name(path.alias, parameter="alias")
    with placed(parameter="model", others=_PLACES):
        verdict = _verdict(path, body) if is_challenge(body) else None
        if verdict is not None and not verdict.better:
            return json_answer(_stayed(path, verdict))
        reason, expected = body.reason, None
        if verdict is not None:
            reason, expected = reason or verdict.reason, verdict.expected
        with parts().database.write() as s:
            row, before = aliases.move_alias(
                s, project(), path.model, path.alias, body.version, reason=reason, expected=expected
            )
    moved = {"moved": before != row.version, "comparison": verdict and verdict.comparison}
    return json_answer({**alias_answer(row), **moved}, 201 if before is None else 200)


@routes.post(
    "/models/<model>/aliases/<alias>/rollback",
    responses={200: AliasAnswer},
    openapi_extensions={
        "requestBody": {
            "required": False,
            "content": {"application/json": {"schema": RollbackRequest.model_json_schema()}},
        }
    },
)
def roll_back_alias(path: AliasPath) -> Response:
    """Let an alias point at the version that it pointed at before."""
    _check(path)
    body = cast(StrictRequest, request)
    # It may be left out altogether.
    sent = body.read_all(parts().settings.max_json_bytes)
    asked = validated(RollbackRequest, body.get_json()) if sent else RollbackRequest()
    with parts().database.write() as s:
        row = aliases.roll_back(s, project(), path.model, path.alias, reason=asked.reason)
    return json_answer(alias_answer(row))


@routes.get("/models/<model>/aliases/<alias>/history", responses={200: AliasHistoryPage})
def show_alias_history(path: AliasPath, query: PageQuery) -> Response:
    """The moves of an alias, newest first."""
    _check(path)
    before = read_cursor(query.cursor, a_count)
    with parts().database.read() as s:
        moves = aliases.alias_history(s, project(), path.model, path.alias, before=before, limit=query.limit + 1)
    return json_answer(page(moves, query.limit, _move_answer, lambda move: move.id))


@routes.delete("/models/<model>/aliases/<alias>", responses={204: None})
def delete_alias(path: AliasPath) -> Response:
    """Take an alias away; its history stays."""
    _check(path)
    with parts().database.write() as s:
        aliases.delete_alias(s, project(), path.model, path.alias)
    return no_content()


def _verdict(path: AliasPath, body: MoveRequest) -> Verdict:
    p = parts()

    def load(row: ModelVersionRow) -> Contestant:
        selection = Selection(row.model_name, row.version, row.sha256, "version")
        return Contestant(row.version, p.predictor.load(project(), selection))

    rows = p.settings.max_compare_rows
    return judge(p.database, p.files, load, project(), path.model, path.alias, body, max_rows=rows)


def _stayed(path: AliasPath, verdict: Verdict) -> dict[str, Any]:
    with parts().database.read() as s:
        rows = [row for row in aliases.find_aliases(s, project(), path.model) if row.alias == path.alias]
    nowhere = {"model": path.model, "alias": path.alias, "version": None, "updated_at": None}
    here = alias_answer(rows[0]) if rows else nowhere
    return {**here, "moved": False, "comparison": verdict.comparison}


def _check(path: AliasPath) -> None:
    check_reference("model", path.model)
    check_reference("alias", path.alias)


def alias_answer(row: AliasRow) -> dict[str, Any]:
    """The alias as JSON."""
    return {
        "model": row.model_name,
        "alias": row.alias,
        "version": row.version,
        "updated_at": rfc3339(row.updated_at),
    }


def _move_answer(move: AliasMoveRow) -> dict[str, Any]:
    return {"version": move.version, "kind": move.kind, "reason": move.reason, "moved_at": rfc3339(move.moved_at)}
