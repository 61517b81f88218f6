"""GET and POST /predict: a request to the predictor and its answer out, or a prediction of a dataset to the queue."""

from __future__ import annotations

from typing import cast

from flask import Response, request

from service.answers import json_answer
from service.blueprints import blueprint
from service.dataset_prediction import ask_for_prediction
from service.idempotency_header import KeyHeader
from service.job_answer import job_answer
from service.parts import parts, project
from service.request_body import StrictRequest
from service.schemas.jobs import JobAnswer
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
    responses={200: PredictAnswer, 202: JobAnswer},
    openapi_extensions={"requestBody": {"required": True, "content": {"application/json": {"schema": PREDICT_BODY}}}},
)
def predict_many(header: KeyHeader) -> Response:
    """Predict rows, given as objects or as lists; or those of a dataset, as a job."""
    body = cast(StrictRequest, request).get_json()
    if "dataset" in body:
        job = ask_for_prediction(body, header.key)
        return json_answer(job_answer(job, None, parts().links.of_job(job)), 202, {"Location": f"/jobs/{job.id}"})
    with placed(pointer="/model", others=_POINTERS):
        return json_answer(parts().predictor.answer_body(project(), body), 200, {"Cache-Control": "no-store"})
