"""The Open Inference Protocol V2 of this service: what it says of itself and its models, and inference."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from service.inference.features import encode, matrix_name, numeric_features, table
from service.inference.outputs import OutputForm, output_forms, output_values, written
from service.inference.request import InferRequest, malformed, read_request
from service.inference.tensors import read_tensor
from service.predict_answer import predictions
from service.predictor import Predictor
from service.problems import Problem, shown
from service.selections import Asked, Chosen
from store import registry
from store.database import Database
from store.errors import NotFound
from store.ids import is_name
from store.settings import Settings

NAME, VERSION, PLATFORM = "mlp-service", "0.1.0", "mlp_service"
EXTENSIONS = ("binary_tensor_data", "model_repository")
_VERSION = re.compile(r"[1-9][0-9]{0,9}")
_DATATYPES = {"number": "FP64", "integer": "FP64", "boolean": "BOOL", "category": "BYTES"}
_MOST_LISTED = 10_000


@dataclass(frozen=True)
class InferAnswer:
    """A 200: the body's bytes, and its headers, Content-Type among them."""

    body: bytes
    headers: tuple[tuple[str, str], ...]


class V2:
    """Answers what `/v2` is asked."""

    def __init__(self, database: Database, predictor: Predictor, settings: Settings) -> None:
        self._database = database
        self._predictor = predictor
        self._settings = settings

    @staticmethod
    def server_metadata() -> dict[str, Any]:
        """What this server is."""
        return {"name": NAME, "version": VERSION, "extensions": list(EXTENSIONS)}

    def choose(self, project: str, model: str, version: str | None) -> Chosen:
        """Which version answers: the one in the path, else `champion`, else the newest of a training that succeeded.

        Raises
        ------
        NotFound, Problem
            404; 503 ``not_ready`` where the model has no version that answers unnamed.
        """
        if not is_name(model):
            raise NotFound("model", model[:100])
        if version is not None and not (_VERSION.fullmatch(version) and int(version) < 2**31):
            raise NotFound("version", f"{model}/{version[:100]}")
        try:
            return self._predictor.choose(Asked(project, model, None if version is None else int(version), None))
        except NotFound as error:
            if version is not None or error.what != "version":
                raise
        raise Problem("not_ready", f"No training of {model!r} has succeeded; other versions answer by their number.")

    def model_metadata(self, project: str, model: str, version: str | None) -> dict[str, Any]:
        """A model's inputs and outputs.

        Raises
        ------
        NotFound, Problem
        """
        loaded = self.choose(project, model, version).version
        numeric = numeric_features(loaded)
        if len(numeric) == len(loaded.features):
            inputs = [{"name": matrix_name(loaded), "datatype": "FP64", "shape": [-1, len(numeric)]}]
        else:
            inputs = [
                {"name": feature.name, "datatype": _DATATYPES[feature.type], "shape": [-1, 1]}
                for feature in loaded.features
            ]
        with self._database.read() as s:
            versions = [row.version for row in registry.find_versions(s, project, model, limit=_MOST_LISTED)]
        return {
            "name": model,
            "versions": [str(number) for number in sorted(versions)],
            "platform": PLATFORM,
            "inputs": inputs,
            "outputs": [form.described() for form in output_forms(loaded)],
        }

    def repository_index(self, project: str, body: bytes) -> list[dict[str, Any]]:
        """All versions of all models; each is ready. The body may be empty or `{"ready": …}`.

        Raises
        ------
        Problem
        """
        if body.strip():
            try:
                asked = msgspec.json.decode(body, type=dict[str, Any])
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                raise malformed(f"The request cannot be read: {str(error)[:200]}.") from None
            if not isinstance(asked.get("ready", False), bool):
                raise malformed("The field 'ready' should be true or false.")
        with self._database.read() as s:
            numbers = registry.version_numbers(s, project, limit=_MOST_LISTED)
        return [{"name": name, "version": str(number), "state": "READY", "reason": ""} for name, number in numbers]

    def infer(
        self, project: str, model: str, version: str | None, body: bytes, header_length: str | None = None
    ) -> InferAnswer:
        """Answer an infer request.

        Parameters
        ----------
        version : str or None
            As it stands in the path.
        header_length : str or None
            The header Inference-Header-Content-Length: how much of the body is JSON.

        Raises
        ------
        NotFound, Problem
        """
        selection, loaded = self.choose(project, model, version)
        asked = read_request(body, header_length, max_depth=self._settings.max_json_depth)
        most = self._settings.max_predict_rows
        chosen = _chosen(asked, output_forms(loaded))
        tensors = {each.name: read_tensor(each, binary, max_rows=most) for each, binary in asked.inputs}
        X, notices = encode(loaded, tensors)
        outputs = loaded.plain.infer(X)
        if not np.isfinite(outputs).all():
            raise malformed("The network's output for these features is not a finite number.")
        self._predictor.count(selection.model, len(X))
        if self._predictor.logged_share(selection):
            self._predictor.log(project, selection, table(loaded, tensors), predictions(loaded, outputs, None))
        document: dict[str, Any] = {"model_name": model, "model_version": str(selection.version)}
        if asked.id is not None:
            document["id"] = asked.id
        if notices:
            warnings = [
                {"row": each.row, "feature": each.feature, "code": each.code, "detail": each.detail} for each in notices
            ]
            document["parameters"] = {"warnings": msgspec.json.encode(warnings).decode()}
        data, length = written(document, chosen, output_values(loaded, outputs), len(X))
        if length is None:
            return InferAnswer(data, (("Content-Type", "application/json"), ("Cache-Control", "no-store")))
        binary_headers = (
            ("Content-Type", "application/octet-stream"),
            ("Inference-Header-Content-Length", str(length)),
        )
        return InferAnswer(data, (*binary_headers, ("Cache-Control", "no-store")))


def _chosen(asked: InferRequest, forms: list[OutputForm]) -> list[tuple[OutputForm, bool]]:
    if asked.outputs is None:
        return [(form, asked.binary) for form in forms]
    by_name = {form.name: form for form in forms}
    for name, _ in asked.outputs:
        if name not in by_name:
            raise malformed(f"The model has no output {shown(name)}; it has {', '.join(map(shown, by_name))[:500]}.")
    return [(by_name[name], binary) for name, binary in asked.outputs]


def is_v2(path: str) -> bool:
    """Whether errors at this path take the protocol's form."""
    return path == "/v2" or path.startswith("/v2/")


def error_answer(problem: Problem) -> tuple[int, bytes]:
    """A problem in the protocol's form: its status, in which there is no 422, and the body."""
    status = 400 if problem.resolved_status == 422 else problem.resolved_status
    return status, msgspec.json.encode({"error": problem.detail[:1000]})
