"""The answers to plain requests, by the shortest way to the same bytes; None where the general way must be gone.

Plain is what clients send all day: a model by name, number or alias, all its features, none missing or unseen, no other
option. Where a sample of a model's predictions is logged, none of its requests is plain. Everything else, every error
among it, is the general way's (`service.predictor`); a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from service.json_bytes import json_bytes
from service.loaded_version import LoadedVersion
from service.plain_body import PlainBody, all_numbers, read_plain_body
from service.plain_query import PlainQueries, PlainQuery
from service.predict_answer import predictions
from service.predictor import PINNED, UNPINNED, Predictor, etag_of, matches
from service.selections import Asked, Chosen


class PlainAnswer(NamedTuple):
    """A 200, or a 304 without a body, and its headers but for those that every answer has."""

    body: bytes | None
    headers: tuple[tuple[str, str], ...]


class PlainAnswers:
    """Answers plain requests.

    Parameters
    ----------
    predictor : Predictor
        Chooses the version.
    max_rows : int
        Most rows of one request.
    """

    def __init__(self, predictor: Predictor, *, max_rows: int) -> None:
        self._predictor = predictor
        self._max_rows = max_rows
        self._queries = PlainQueries()

    def of_address(self, project: str, query: str, if_none_match: str | None) -> PlainAnswer | None:
        """The answer to a `GET /predict`; whatever `Predictor.choose` raises."""
        asked = self._queries.read(query)
        if asked is None:
            return None
        chosen = self._predictor.choose(Asked(project, asked.model, asked.version, asked.alias))
        texts = _in_order(chosen.version, asked)
        if texts is None or self._predictor.logged_share(chosen.selection):
            return None
        tag = etag_of(chosen.selection, query)
        headers = (("ETag", tag), ("Cache-Control", PINNED if asked.version is not None else UNPINNED))
        if if_none_match is not None and matches(if_none_match, tag):
            return PlainAnswer(None, headers)
        body = self._answer(chosen, chosen.version.plain.encode_texts(texts))
        return None if body is None else PlainAnswer(body, headers)

    def of_body(self, project: str, data: bytes) -> PlainAnswer | None:
        """The answer to a `POST /predict`; whatever `Predictor.choose` raises."""
        asked = read_plain_body(data, max_rows=self._max_rows)
        if asked is None:
            return None
        chosen = self._predictor.choose(Asked(project, asked.model, asked.version, asked.alias))
        rows = _rows(chosen.version, asked)
        if rows is None or self._predictor.logged_share(chosen.selection):
            return None
        body = self._answer(chosen, chosen.version.plain.encode_rows(rows))
        return None if body is None else PlainAnswer(body, (("Cache-Control", "no-store"),))

    def _answer(self, chosen: Chosen, X: npt.NDArray[np.float32] | None) -> bytes | None:
        if X is None:
            return None
        selection, version = chosen
        outputs = version.plain.infer(X)
        if not np.isfinite(outputs).all():
            return None
        self._predictor.count(selection.model, len(X))
        document = {
            "model": selection.model,
            "version": selection.version,
            "selected_by": selection.selected_by,
            "predictions": _one_class(version, outputs) if len(X) == 1 else predictions(version, outputs, None),
            "warnings": [],
        }
        return json_bytes(document)


def _in_order(version: LoadedVersion, asked: PlainQuery) -> Sequence[str] | None:
    """The texts in the order of the features; None where they are not exactly those."""
    if asked.columns is None:
        return asked.texts if len(asked.texts) == len(version.features) else None
    if asked.columns == version.plain.names:
        return asked.texts
    if len(asked.columns) != len(version.features):
        return None
    by_column = dict(zip(asked.columns, asked.texts, strict=True))
    try:
        return [by_column[name] for name in version.plain.names]
    except KeyError:
        return None


def _rows(version: LoadedVersion, asked: PlainBody) -> Sequence[Sequence[float]] | None:
    """The rows in the order of the features; None where a value is no number, or a feature is not there."""
    plain = version.plain
    if not plain.only_numbers:
        return None
    rows: list[Any] | None = asked.rows
    if asked.records is not None:
        rows = _of_records(asked.records, plain.names)
    return rows if rows is not None and all_numbers(rows) else None


def _of_records(records: Sequence[Mapping[str, Any]], names: tuple[str, ...]) -> list[Any] | None:
    if any(len(record) != len(names) for record in records):
        return None
    get = itemgetter(*names)
    try:
        return [(get(record),) for record in records] if len(names) == 1 else [get(record) for record in records]
    except KeyError:
        return None


def _one_class(version: LoadedVersion, outputs: npt.NDArray[np.floating]) -> list[dict[str, Any]]:
    """`predictions` of one row, for the task that is asked most, with the same arithmetic."""
    target = version.target_encoding
    if target.task not in ("classification", "distribution"):
        return predictions(version, outputs, None)
    shares = outputs.astype(np.float64)
    shares /= np.add.reduce(shares, axis=1, keepdims=True)
    row = shares[0].tolist()
    label = target.classes[row.index(max(row))]
    return [{"label": label, "probabilities": dict(zip(version.plain.class_keys, row, strict=True))}]
