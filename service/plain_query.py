"""A query string's plain case: which of its parameters name the model, which the features, remembered by their names.

Clients ask with the same parameters again and again, so that what they mean is worked out once for each list of names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from service.predict_request import PREFIX
from service.problems import Problem
from service.query_string import decoded

MOST_SHAPES = 4096
_BIGGEST = 2**31 - 1


class Shape(NamedTuple):
    """Where in a list of parameters what stands; −1 for what does not."""

    model: int
    version: int
    alias: int
    record: int  # `x`
    columns: tuple[str, ...]
    column_places: tuple[int, ...]


class PlainQuery(NamedTuple):
    """A plain query: whom it asks, and its features' texts by column, or as one record."""

    model: str
    version: int | None
    alias: str | None
    columns: tuple[str, ...] | None
    texts: Sequence[str]


class PlainQueries:
    """Reads query strings, and remembers their shapes; None is said to what is not plain."""

    def __init__(self) -> None:
        self._shapes: dict[tuple[str, ...], Shape | None] = {}

    def read(self, query: str) -> PlainQuery | None:
        """The query, where each parameter stands once and no option but model, version, alias and `x` is given."""
        names, texts = [], []
        for part in query.split("&"):
            name, _, text = part.partition("=")
            names.append(name)
            texts.append(text)
        if "%" in query or "+" in query or not query.isascii():
            try:
                names, texts = [decoded(name) for name in names], [decoded(text) for text in texts]
            except Problem:
                return None
        key = tuple(names)
        try:
            shape = self._shapes[key]
        except KeyError:
            shape = self._remember(key)
        if shape is None:
            return None
        version, alias = None, None
        if shape.version >= 0:
            text = texts[shape.version]
            if not (text.isascii() and text.isdecimal() and text[0] != "0" and len(text) <= 10):
                return None
            version = int(text)
            if version > _BIGGEST:
                return None
        if shape.alias >= 0:
            alias = texts[shape.alias]
        if shape.record >= 0:
            record = texts[shape.record]
            if '"' in record or "\n" in record or "\r" in record:
                return None
            return PlainQuery(texts[shape.model], version, alias, None, record.split(","))
        return PlainQuery(
            texts[shape.model], version, alias, shape.columns, [texts[place] for place in shape.column_places]
        )

    def _remember(self, names: tuple[str, ...]) -> Shape | None:
        if len(self._shapes) >= MOST_SHAPES:
            self._shapes.clear()
        shape = self._shapes[names] = _shape(names)
        return shape


def _shape(names: tuple[str, ...]) -> Shape | None:
    place = {name: index for index, name in enumerate(names)}
    options = {name: place.pop(name, -1) for name in ("model", "version", "alias", "x")}
    columns = tuple(name.removeprefix(PREFIX) for name in place)
    if (
        len(set(names)) != len(names)
        or len(set(columns)) != len(columns)
        or "" in names
        or options["model"] < 0
        or (options["version"] >= 0 and options["alias"] >= 0)
        or (options["x"] >= 0) == bool(columns)
        or "explain" in place
        or "top_k" in place
    ):
        return None
    return Shape(options["model"], options["version"], options["alias"], options["x"], columns, tuple(place.values()))
