"""The features that a prediction was sent, as columns of the version that answers."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from core.table import Column
from service.feature_values import read_column, value_of_text
from service.loaded_version import LoadedVersion
from service.problems import MAX_ERRORS, ErrorItem, Problem, pointer, problem_at, problem_of, shown
from service.validation import nearest


@dataclass(frozen=True)
class Options:
    """Which model answers, and how."""

    model: str
    version: int | None
    alias: str | None
    top_k: int | None
    explain: bool = False


@dataclass(frozen=True)
class QueryInput:
    """A `GET /predict`: its options, and its features by column name or as one record."""

    options: Options
    named: Mapping[str, tuple[str, str]]  # column → (parameter, text)
    record: str | None

    @staticmethod
    def problem(code: str, detail: str, option: str) -> Problem:
        """A problem with one of the options."""
        return problem_at(code, detail, parameter=option)

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
        unknown = (
            (column, parameter)
            for column, (parameter, _) in self.named.items()
            if column not in version.places and column not in version.passed_over
        )
        items = [_unknown(column, version, parameter=place) for column, place in islice(unknown, MAX_ERRORS)]
        missing = [feature for feature in version.features if feature.name not in self.named]
        items += [_missing(feature.name, parameter=feature.query_name) for feature in missing[:MAX_ERRORS]]
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

    @staticmethod
    def problem(code: str, detail: str, option: str) -> Problem:
        """A problem with one of the options."""
        return problem_at(code, detail, pointer=pointer(option))

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
            if len(items) >= MAX_ERRORS:
                break
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
                extra = (name for name in record if name not in wanted and name not in version.passed_over)
                items += [
                    _unknown(name, version, pointer=pointer("records", row, name)) for name in islice(extra, MAX_ERRORS)
                ]
                missing = [name for name in wanted if name not in record]
                absent.update(dict.fromkeys(missing))
                items += [_missing(name, pointer=pointer("records", row, name)) for name in missing[:MAX_ERRORS]]
            if len(items) >= MAX_ERRORS:
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
            if len(items) >= MAX_ERRORS:
                break
        if items:
            raise problem_of(items)
        return [list(values) for values in zip(*self.values, strict=True)]


def _unknown(
    name: str, version: LoadedVersion, *, pointer: str | None = None, parameter: str | None = None
) -> ErrorItem:
    detail = f"The model has no feature {shown(name)}.{nearest(name, list(version.places))}"
    return ErrorItem("unknown_feature", detail, pointer, parameter)


def _missing(name: str, *, pointer: str | None = None, parameter: str | None = None) -> ErrorItem:
    detail = f"The feature {name!r} is missing; an empty or null value says that it is not known."
    return ErrorItem("missing_feature", detail, pointer, parameter)


def _features_problem(items: list[ErrorItem], missing: Sequence[str]) -> Problem:
    """A problem whose sentence names the features that are missing, at most so many as the list of errors."""
    if len(missing) > 1 and items[0].code == "missing_feature":
        names = ", ".join(map(repr, missing[:MAX_ERRORS]))
        more = f" and {len(missing) - MAX_ERRORS:,} more" if len(missing) > MAX_ERRORS else ""
        return Problem("missing_feature", f"The features {names}{more} are missing.", items)
    return problem_of(items)
