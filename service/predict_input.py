"""What a prediction asks for: read from an address or from a body, before and after the model is known."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.table import Column
from service.feature_values import read_column, value_of_text
from service.loaded_version import LoadedVersion
from service.problems import ErrorItem, Problem, pointer, problem_at, problem_of
from service.query_string import read_query
from service.validation import nearest

RESERVED = ("model", "version", "alias", "x", "explain", "top_k")
PREFIX = "feature."
_BODY_FIELDS = ("model", "version", "alias", "top_k", "explain", "records", "rows")
_BIGGEST = 2**31 - 1


@dataclass(frozen=True)
class Options:
    """Which model answers, and how."""

    model: str
    version: int | None
    alias: str | None
    top_k: int | None


@dataclass(frozen=True)
class QueryInput:
    """A `GET /predict`: its options, and its features by column name or as one record."""

    options: Options
    named: Mapping[str, tuple[str, str]]  # column → (parameter, text)
    record: str | None

    def columns(self, version: LoadedVersion) -> dict[str, Column]:
        """The one row of the version's features.

        Raises
        ------
        Problem
            422, naming each parameter in the way.
        """
        texts = self._named_texts(version) if self.record is None else self._record_texts(version)
        items: list[ErrorItem] = []
        columns: dict[str, Column] = {}
        for feature, (parameter, text) in zip(version.features, texts, strict=True):
            try:
                value = value_of_text(feature, text)
            except ValueError as error:
                items.append(ErrorItem("wrong_type", str(error), parameter=parameter))
                continue
            column, problems = read_column(feature, [value])
            items += [ErrorItem(code, detail, parameter=parameter) for _, code, detail in problems]
            if column is not None:
                columns[feature.name] = column
        if items:
            raise problem_of(items)
        return columns

    def _named_texts(self, version: LoadedVersion) -> list[tuple[str, str]]:
        items = [
            _unknown(column, version, parameter=parameter)
            for column, (parameter, _) in self.named.items()
            if column not in version.places and column not in version.passed_over
        ]
        missing = [feature for feature in version.features if feature.name not in self.named]
        items += [_missing(feature.name, parameter=feature.query_name) for feature in missing]
        if items:
            raise _features_problem(items, [feature.name for feature in missing])
        return [self.named[feature.name] for feature in version.features]

    def _record_texts(self, version: LoadedVersion) -> list[tuple[str, str]]:
        assert self.record is not None
        try:
            records = list(csv.reader(io.StringIO(self.record, newline=""), strict=True)) or [[""]]
        except csv.Error as error:
            raise problem_at("invalid_value", f"`x` is not one CSV record: {error}.", parameter="x") from None
        if len(records) != 1:
            raise problem_at("invalid_value", "`x` takes one CSV record, not several.", parameter="x")
        if len(records[0]) != len(version.features):
            names = ", ".join(feature.name for feature in version.features[:20])
            detail = f"`x` has {len(records[0])} values; the model takes {len(version.features)}: {names}."
            raise problem_at("row_length", detail, parameter="x")
        return [("x", text) for text in records[0]]


@dataclass(frozen=True)
class BodyInput:
    """A `POST /predict`: its options, and its rows as objects or as lists."""

    options: Options
    field: str  # "records" or "rows"
    values: Sequence[Any]

    def columns(self, version: LoadedVersion) -> dict[str, Column]:
        """The rows of the version's features.

        Raises
        ------
        Problem
            422, with the pointer of each value in the way.
        """
        by_feature = self._of_records(version) if self.field == "records" else self._of_rows(version)
        items: list[ErrorItem] = []
        columns: dict[str, Column] = {}
        for index, (feature, values) in enumerate(zip(version.features, by_feature, strict=True)):
            column, problems = read_column(feature, values)
            key = feature.name if self.field == "records" else index
            items += [ErrorItem(code, detail, pointer(self.field, row, key)) for row, code, detail in problems]
            if column is not None:
                columns[feature.name] = column
        if items:
            raise problem_of(items)
        return columns

    def _of_records(self, version: LoadedVersion) -> list[list[Any]]:
        wanted = version.places.keys()
        items: list[ErrorItem] = []
        absent: dict[str, None] = {}
        for row, record in enumerate(self.values):
            if not isinstance(record, dict):
                items.append(ErrorItem("wrong_type", "A record should be a JSON object.", pointer("records", row)))
            elif record.keys() != wanted:
                extra = [name for name in record if name not in wanted and name not in version.passed_over]
                items += [_unknown(name, version, pointer=pointer("records", row, name)) for name in extra]
                missing = [name for name in wanted if name not in record]
                absent.update(dict.fromkeys(missing))
                items += [_missing(name, pointer=pointer("records", row, name)) for name in missing]
            if len(items) >= 20:
                break
        if items:
            raise _features_problem(items, list(absent))
        return [[record[name] for record in self.values] for name in wanted]

    def _of_rows(self, version: LoadedVersion) -> list[list[Any]]:
        items: list[ErrorItem] = []
        for row, values in enumerate(self.values):
            if not isinstance(values, list):
                items.append(ErrorItem("wrong_type", "A row should be a JSON list.", pointer("rows", row)))
            elif len(values) != len(version.features):
                detail = f"The row has {len(values)} values; the model takes {len(version.features)}."
                items.append(ErrorItem("row_length", detail, pointer("rows", row)))
        if items:
            raise problem_of(items)
        return [list(values) for values in zip(*self.values, strict=True)]


def read_address(query: str) -> QueryInput:
    """A `GET /predict`'s query string.

    Raises
    ------
    Problem
        422 with the parameter in the way.
    """
    given = read_query(query)
    if given.get("explain", "false") not in ("false", ""):
        raise _no_explanation(parameter="explain")
    model = given.get("model", "")
    if not model:
        raise problem_at("missing_parameter", "The parameter 'model' is missing.", parameter="model")
    version, top_k = (_whole_number(given, name) for name in ("version", "top_k"))
    options = Options(model, version, given.get("alias") or None, top_k)
    if options.version is not None and options.alias is not None:
        raise problem_at("invalid_value", "`version` and `alias` exclude each other.", parameter="alias")
    named: dict[str, tuple[str, str]] = {}
    for parameter, text in given.items():
        if parameter in RESERVED:
            continue
        column = parameter.removeprefix(PREFIX)
        if column in named:
            detail = f"The feature {column!r} stands twice: as {named[column][0]!r} and as {parameter!r}."
            raise problem_at("repeated_parameter", detail, parameter=parameter)
        named[column] = (parameter, text)
    if "x" in given and named:
        detail = "`x` gives all features as one record; named features cannot stand beside it."
        raise problem_at("x_beside_features", detail, parameter=next(iter(named.values()))[0])
    return QueryInput(options, named, given.get("x"))


def read_body(body: Mapping[str, Any], *, max_rows: int) -> BodyInput:
    """A `POST /predict`'s JSON object.

    Raises
    ------
    Problem
        422 with the pointer of the field in the way.
    """
    unknown = [name for name in body if name not in _BODY_FIELDS]
    if unknown:
        details = [f"There is no field {name!r} here.{nearest(name, list(_BODY_FIELDS))}" for name in unknown]
        places = [pointer(name) for name in unknown]
        raise problem_of([ErrorItem("unknown_field", *item) for item in zip(details, places, strict=True)])
    if body.get("explain", False) is not False:
        raise _no_explanation(pointer="/explain")
    if "model" not in body:
        raise problem_at("missing_field", "The field 'model' is missing.", pointer="/model")
    if body["model"] is None:
        raise problem_at("wrong_type", "The field 'model' should be a string.", pointer="/model")
    model, alias = _text(body, "model"), _text(body, "alias")
    options = Options(model or "", _integer(body, "version"), alias, _integer(body, "top_k"))
    if options.version is not None and options.alias is not None:
        raise problem_at("invalid_value", "`version` and `alias` exclude each other.", pointer="/alias")
    given = [name for name in ("records", "rows") if name in body]
    if len(given) != 1:
        code = "invalid_value" if given else "missing_field"
        raise problem_at(code, "Give either `records` or `rows`.", pointer="/records")
    field = given[0]
    values = body[field]
    if not isinstance(values, list):
        raise problem_at("wrong_type", f"The field {field!r} should be a list.", pointer=pointer(field))
    if not values:
        raise problem_at("no_rows", "There are no rows to predict.", pointer=pointer(field))
    if len(values) > max_rows:
        detail = f"{len(values):,} rows are too many; one request takes {max_rows:,}."
        raise problem_at("too_many_rows", detail, pointer=pointer(field))
    return BodyInput(options, field, values)


def _text(body: Mapping[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise problem_at("wrong_type", f"The field {name!r} should be a string.", pointer=pointer(name))
    return value


def _integer(body: Mapping[str, Any], name: str) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if type(value) is not int:
        raise problem_at("wrong_type", f"The field {name!r} should be an integer.", pointer=pointer(name))
    if not 1 <= value <= _BIGGEST:
        raise problem_at("out_of_range", f"The field {name!r} should be from 1 to {_BIGGEST}.", pointer=pointer(name))
    return value


def _whole_number(given: Mapping[str, str], name: str) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 10 and 1 <= int(text) <= _BIGGEST):
        raise problem_at("invalid_value", f"The parameter {name!r} takes an integer from 1.", parameter=name)
    return int(text)


def _unknown(
    name: str, version: LoadedVersion, *, pointer: str | None = None, parameter: str | None = None
) -> ErrorItem:
    detail = f"The model has no feature {name!r}.{nearest(name, list(version.places))}"
    return ErrorItem("unknown_feature", detail, pointer, parameter)


def _missing(name: str, *, pointer: str | None = None, parameter: str | None = None) -> ErrorItem:
    detail = f"The feature {name!r} is missing; an empty or null value says that it is not known."
    return ErrorItem("missing_feature", detail, pointer, parameter)


def _features_problem(items: list[ErrorItem], missing: Sequence[str]) -> Problem:
    """A problem whose sentence names all the features that are missing, even those beyond the list's end."""
    problem = problem_of(items)
    if len(missing) > 1 and items[0].code == "missing_feature":
        names = ", ".join(map(repr, missing))
        return Problem("missing_feature", f"The features {names} are missing.", items)
    return problem


def _no_explanation(*, pointer: str | None = None, parameter: str | None = None) -> Problem:
    detail = "Explanations are not available in this version of the service."
    return problem_at("not_available", detail, pointer=pointer, parameter=parameter)
