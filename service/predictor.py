"""From a request's bytes to an answer's bytes for a model version; knows no web framework.

Versions are immutable, so loaded ones are kept; which version answers is asked of the database again and again
(`service.selections`). This is the general way of an answer; `service.plain_answers` has a shorter one for plain
requests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.encoding import EncodingNotice
from core.table import Table
from service.explanations import explanations
from service.loaded_version import LoadedVersion, VersionCache
from service.predict_answer import predictions
from service.predict_input import BodyInput, QueryInput
from service.predict_request import read_address, read_body
from service.prediction_log import PredictionLog
from service.problems import Problem
from service.selections import Asked, Chosen, Selections
from store import registry
from store.database import Database
from store.errors import NotFound
from store.ids import is_name
from store.selection import Selection, select_version
from store.settings import Settings

FORMAT = 1  # of the answer: raise it when the same request would be answered with other bytes
MOST_NOTICES = 100
PINNED = "private, max-age=31536000, immutable"
UNPINNED = "no-cache"


@dataclass(frozen=True)
class PredictAnswer:
    """An answer: 200 with a body, or 304 without one.

    Parameters
    ----------
    value : dict or None
        The body, to be written as JSON; None for 304.
    etag : str
        Strong, in quotes.
    cache_control : str
    """

    value: dict[str, Any] | None
    etag: str
    cache_control: str


class Predictor:
    """Answers `GET` and `POST /predict`.

    Attributes
    ----------
    count : callable
        Told the model's name and how many rows it predicted.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        count: Callable[[str, int], None],
        log: PredictionLog,
    ) -> None:
        self.count = count
        self._log = log
        self._database = database
        self._settings = settings
        self._cache = VersionCache(settings.cache_bytes)
        self._selections = Selections(self._find, settings.selection_seconds, max_bytes=settings.cache_bytes)

    def answer_address(self, project: str, query: str, if_none_match: str | None = None) -> PredictAnswer:
        """Answer a `GET /predict`.

        Parameters
        ----------
        query : str
            The query string as it came, percent-encoded.
        if_none_match : str or None
            The header's value.

        Raises
        ------
        Problem, NotFound
        """
        asked = read_address(query)
        chosen = self._choose(project, asked)
        etag = etag_of(chosen.selection, query)
        cache_control = PINNED if asked.options.version is not None else UNPINNED
        if if_none_match is not None and matches(if_none_match, etag):
            return PredictAnswer(None, etag, cache_control)
        return PredictAnswer(self._predict(project, chosen, asked), etag, cache_control)

    def answer_body(self, project: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Answer the JSON object of a `POST /predict`; the answer's shape is that of `answer_address`.

        Raises
        ------
        Problem, NotFound
        """
        settings = self._settings
        asked = read_body(body, max_rows=settings.max_predict_rows, max_explain_rows=settings.max_explain_rows)
        return self._predict(project, self._choose(project, asked), asked)

    def choose(self, asked: Asked) -> Chosen:
        """The version that answers, loaded.

        Raises
        ------
        NotFound
        """
        # What cannot be a name is not looked for: not every database takes any text.
        for what, name in (("model", asked.model), ("alias", asked.alias)):
            if name is not None and not is_name(name):
                raise NotFound(what, name[:100])
        return self._selections.get(asked)

    def _find(self, asked: Asked) -> Chosen:
        with self._database.read() as s:
            selection = select_version(s, asked.project, asked.model, version=asked.version, alias=asked.alias)
        return Chosen(selection, self.load(asked.project, selection))

    def _choose(self, project: str, asked: QueryInput | BodyInput) -> Chosen:
        options = asked.options
        try:
            return self.choose(Asked(project, options.model, options.version, options.alias))
        except NotFound as error:
            if error.what != "version" or options.version is not None:
                raise
        detail = f"No training of {options.model!r} has succeeded; other versions answer by `version` or `alias`."
        raise asked.problem("version_not_found", detail, "model")

    def _predict(self, project: str, chosen: Chosen, asked: QueryInput | BodyInput) -> dict[str, Any]:
        selection, version = chosen
        table = asked.columns(version)
        X, notices = version.encoding.transform(table, max_notices=MOST_NOTICES)
        outputs = version.network.predict(X)
        if not np.isfinite(outputs).all():
            raise Problem("number_out_of_range", "The network's output for these features is not a finite number.")
        self.count(selection.model, len(X))
        answer: dict[str, Any] = {
            "model": selection.model,
            "version": selection.version,
            "selected_by": selection.selected_by,
            "predictions": predictions(version, outputs, asked.options.top_k),
            "warnings": [_warning(notice) for notice in notices],
        }
        if self.logged_share(selection):
            self.log(project, selection, table, answer["predictions"])
        if asked.options.explain:
            answer["explanations"] = explanations(version, X, outputs)
        return answer

    def logged_share(self, selection: Selection) -> float:
        """Which share of the predicted rows is logged: what the model wants, else what the settings say."""
        return self._settings.log_sample if selection.log_sample is None else selection.log_sample

    def log(self, project: str, selection: Selection, table: Table, predicted: Sequence[Mapping[str, Any]]) -> None:
        """Offer the rows of an answer to the log."""
        share = self.logged_share(selection)
        self._log.offer(project, selection.model, selection.version, table, predicted, share)

    @property
    def cache_bytes(self) -> int:
        """Bytes of the loaded versions."""
        return self._cache.nbytes

    def load(self, project: str, selection: Selection) -> LoadedVersion:
        """The selected version, kept for the next request."""

        def load() -> LoadedVersion:
            with self._database.read() as s:
                row = registry.get_version(s, project, selection.model, selection.version)
                return LoadedVersion.of(row, registry.load_weights(s, row))

        return self._cache.get((project, selection.model, selection.version, selection.sha256), load)


def _warning(notice: EncodingNotice) -> dict[str, Any]:
    return {"row": notice.row, "feature": notice.feature, "code": notice.code, "detail": notice.detail}


def etag_of(selection: Selection, query: str) -> str:
    """The strong tag of what a query is answered by a selection."""
    parts = (str(FORMAT), selection.model, str(selection.version), selection.sha256, selection.selected_by, query)
    return f'"{hashlib.sha256(chr(0).join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:40]}"'


def matches(if_none_match: str, etag: str) -> bool:
    """Whether an If-None-Match header names the tag."""
    return any(tag.strip().removeprefix("W/") in ("*", etag) for tag in if_none_match.split(","))
