"""The log of a model's predictions: listed, cleared."""

from __future__ import annotations

from typing import Any

from flask import Response

from service.answers import json_answer, no_content
from service.blueprints import blueprint
from service.pages import a_long_count, page, read_cursor
from service.parts import parts, project
from service.schemas.predictions import PredictionPage, PredictionsQuery
from service.schemas.registry import ModelPath
from service.store_problems import check_reference
from store import registry
from store.clock import rfc3339
from store.prediction_log import clear_predictions, find_predictions
from store.registry_tables import PredictionRow

routes = blueprint("predictions", __name__, "Models")


@routes.get("/models/<model>/predictions", responses={200: PredictionPage})
def list_predictions(path: ModelPath, query: PredictionsQuery) -> Response:
    """A model's logged predictions, newest first."""
    check_reference("model", path.model)
    before = read_cursor(query.cursor, a_long_count)
    parts().log.flush()  # what waits in this process
    with parts().database.read() as s:
        registry.get_model(s, project(), path.model)
        rows = find_predictions(s, project(), path.model, version=query.version, before=before, limit=query.limit + 1)
    return json_answer(page(rows, query.limit, _shown, lambda row: row.id))


@routes.delete("/models/<model>/predictions", responses={204: None})
def delete_predictions(path: ModelPath) -> Response:
    """Clear the log of a model's predictions."""
    check_reference("model", path.model)
    parts().log.flush()  # what waits in this process
    with parts().database.write() as s:
        registry.get_model(s, project(), path.model)
        clear_predictions(s, project(), path.model)
    return no_content()


def _shown(row: PredictionRow) -> dict[str, Any]:
    return {
        "version": row.version,
        "made_at": rfc3339(row.made_at),
        "inputs": row.inputs,
        "outputs": row.outputs,
    }
