"""The shape of predictions; the requests are read by `service.predict_request`, which knows the model."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from service.schemas.base import NAME_FORM, Answer


class Prediction(Answer):
    """One prediction: the fields that the model's task has."""

    label: int | float | bool | str | None = None
    labels: list[str] | None = None
    probabilities: dict[str, float] | None = None
    value: float | None = None
    values: dict[str, float] | None = None


class PredictionWarning(Answer):
    """Something that the reader of a prediction should know."""

    row: int = Field(description="Index into `predictions`, from 0.")
    feature: str
    code: str
    detail: str


class PredictAnswer(Answer):
    """Predictions, and which version made them."""

    model: str
    version: int
    selected_by: Literal["version", "alias", "champion", "newest"]
    predictions: list[Prediction]
    warnings: list[PredictionWarning]


_COUNT = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
PREDICT_BODY: dict[str, Any] = {
    "type": "object",
    "required": ["model"],
    "additionalProperties": False,
    "oneOf": [{"required": ["records"]}, {"required": ["rows"]}],
    "properties": {
        "model": {**NAME_FORM, "description": "The model's name."},
        "version": {**_COUNT, "description": "Which version answers."},
        "alias": {**NAME_FORM, "description": "Or by alias."},
        "top_k": {**_COUNT, "description": "Most probabilities of each prediction."},
        "records": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "object"},
            "description": "Rows as objects, a value for each feature.",
        },
        "rows": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "array"},
            "description": "Rows as lists, in the order of the version's features.",
        },
    },
}


def query_parameters() -> list[dict[str, Any]]:
    """The reserved parameters of `GET /predict`; every other one is a feature."""

    def parameter(name: str, schema: dict[str, Any], description: str, *, required: bool = False) -> dict[str, Any]:
        return {"name": name, "in": "query", "required": required, "schema": schema, "description": description}

    return [
        parameter("model", NAME_FORM, "The model's name.", required=True),
        parameter("version", _COUNT, "Which version answers."),
        parameter("alias", NAME_FORM, "Or by alias."),
        parameter("top_k", _COUNT, "Most probabilities in the answer."),
        parameter("x", {"type": "string"}, "One RFC 4180 record in the order of the version's features."),
        {
            "name": "features",
            "in": "query",
            "required": False,
            "style": "form",
            "explode": True,
            "schema": {"type": "object", "additionalProperties": {"type": "string"}},
            "description": "One parameter for each feature, by its `query_name`; an empty value is a missing one.",
        },
    ]
