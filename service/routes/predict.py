"""GET and POST /predict: the request's bytes to the predictor, its answer out."""

from __future__ import annotations

from typing import cast

from flask import Response, request

from service.answers import json_answer
from service.blueprints import blueprint
from service.gate import demand_json
from service.parts import parts, project
from service.request_body import StrictRequest
from service.schemas.predict import PREDICT_BODY, PredictAnswer, query_parameters
from service.store_problems import placed

_PARAMETERS = {f"{what}_not_found": {"parameter": what} for what in ("version", "alias")}
_POINTERS = {f"{what}_not_found": {"pointer": f"/{what}"} for what in ("version", "alias")}

routes = blueprint("predict", __name__, "Predictions")


@routes.get("/predict", responses={200: PredictAnswer}, openapi_extensions={"parameters": query_parameters()})
def predict_one() -> Response:
    """Predict one row, its features in the address."""
    with placed(parameter="model", others=_PARAMETERS):
        answer = parts().predictor.answer_address(
            project(), request.environ.get("QUERY_STRING", ""), request.headers.get("If-None-Match")
        )
    headers = {"ETag": answer.etag, "Cache-Control": answer.cache_control}
    if answer.value is None:
        return Response(status=304, headers=headers)
    return json_answer(answer.value, 200, headers)


@routes.post(
    "/predict",
    responses={200: PredictAnswer},
    openapi_extensions={"requestBody": {"required": True, "content": {"application/json": {"schema": PREDICT_BODY}}}},
)
def predict_many() -> Response:
    """Predict rows, given as objects or as lists."""
    demand_json(request.headers.get("Content-Type"))
    body = cast(StrictRequest, request).read_all(parts().settings.max_json_bytes)
    with placed(pointer="/model", others=_POINTERS):
        return json_answer(parts().predictor.answer_body(project(), body), 200, {"Cache-Control": "no-store"})
