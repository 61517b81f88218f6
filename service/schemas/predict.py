"""The shape of predictions; the requests are read by `service.predict_request`, which knows the model."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from service.schemas.base import NAME_FORM, Answer, Body


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


class Explanation(Answer):
    """What each feature adds to one prediction's output, against the training mean."""

    of: int | float | bool | str = Field(
        description="The class or label whose probability is explained, or the target."
    )
    baseline: float = Field(description="The output for the baseline.")
    baseline_from: Literal["training_mean", "zeros"] = Field(description="`zeros`: an old version kept no shares.")
    output: float
    contributions: dict[str, float] = Field(description="Of each feature; with the baseline they sum to the output.")


class PredictAnswer(Answer):
    """Predictions, and which version made them."""

    model: str
    version: int
    selected_by: Literal["version", "alias", "champion", "newest"]
    predictions: list[Prediction]
    warnings: list[PredictionWarning]
    explanations: list[Explanation] | None = Field(None, description="With `explain` only, one for each prediction.")


class PredictDataset(Body):
    """A stored dataset to predict; the document has it in `PREDICT_BODY`."""

    model: str
    dataset: str
    version: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    alias: str | None = None
    name: str | None = None


_COUNT = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
PREDICT_BODY: dict[str, Any] = {
    "type": "object",
    "required": ["model"],
    "additionalProperties": False,
    "oneOf": [{"required": ["records"]}, {"required": ["rows"]}, {"required": ["dataset"]}],
    "properties": {
        "model": {**NAME_FORM, "description": "The model's name."},
        "version": {**_COUNT, "description": "Which version answers."},
        "alias": {**NAME_FORM, "description": "Or by alias."},
        "top_k": {**_COUNT, "description": "Most probabilities of each prediction."},
        "explain": {"type": "boolean", "description": "Add what each feature contributes."},
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
        "dataset": {"type": "string", "description": "Or a stored dataset, by name or id: answered with a job."},
        "name": {**NAME_FORM, "description": "With `dataset`: what the result is called."},
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
        parameter("explain", {"type": "boolean"}, "Add what each feature contributes."),
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
