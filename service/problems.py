"""The one table of errors: code → status and title, and the exception that carries them.

A problem is answered as RFC 9457 ``application/problem+json``. Its top-level ``code`` is that of its first error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MAX_ERRORS = 20
_MOST_SHOWN = 100
_MOST_CHARACTERS = 1000  # of a sentence or a place: what the asker sent stands in them
MEDIA_TYPE = "application/problem+json"

# code: (status, title). Codes are stable; clients switch on them. docs/api.md lists them, by test.
PROBLEMS: Mapping[str, tuple[int, str]] = {
    # 400: what cannot be parsed
    "invalid_json": (400, "The body is not JSON"),
    "json_too_deep": (400, "The JSON is nested too deeply"),
    "duplicate_key": (400, "A key stands twice in one JSON object"),
    "not_finite": (400, "NaN and Infinity are not JSON"),
    "number_too_long": (400, "A number has too many digits"),
    "lone_surrogate": (400, "A string holds half a character"),
    "not_utf8": (400, "The text is not UTF-8"),
    "nul_byte": (400, "The text holds NUL bytes"),
    "unreadable_csv": (400, "The table cannot be read"),
    "unclosed_quote": (400, "A quoted cell has no end"),
    "ragged_row": (400, "A row has too few or too many fields"),
    "empty_file": (400, "The table is empty"),
    "invalid_multipart": (400, "The multipart body cannot be read"),
    "invalid_address": (400, "The address cannot be read"),
    "incomplete_body": (400, "The body ended before its Content-Length"),
    "bad_request": (400, "The request cannot be read"),
    # 403, 404, 405
    "host_not_allowed": (403, "The Host header names another server"),
    "foreign_origin": (403, "A page of another origin may not change anything here"),
    "path_not_found": (404, "There is nothing at this path"),
    "dataset_not_found": (404, "There is no such dataset"),
    "target_not_found": (404, "The dataset has no such target column"),
    "column_not_found": (404, "The dataset has no such column"),
    "job_not_found": (404, "There is no such job"),
    "model_not_found": (404, "There is no such model"),
    "version_not_found": (404, "There is no such version"),
    "alias_not_found": (404, "There is no such alias"),
    "method_not_allowed": (405, "The path does not take this method"),
    # 409: a state in the way
    "conflict": (409, "A state is in the way"),
    "dataset_in_use": (409, "An unfinished job needs the dataset"),
    "upload_expired": (409, "The upload took longer than its lease"),
    "several_versions": (409, "The name has several versions"),
    "model_target_mismatch": (409, "The model predicts something else"),
    "job_ended": (409, "The job has ended"),
    "job_not_ended": (409, "The job has not ended"),
    "not_a_search": (409, "The job is no search"),
    "model_has_alias": (409, "An alias points at the model"),
    "version_has_alias": (409, "An alias points at the version"),
    "alias_moved": (409, "The alias has moved meanwhile"),
    "version_in_use": (409, "An unfinished job needs the version"),
    "no_profile": (409, "The version has no profile of its training rows"),
    "not_enough_predictions": (409, "Too few predictions are logged"),
    "nothing_before": (409, "The alias has no version before this one"),
    # 413, 414, 415
    "body_too_large": (413, "The body is too large"),
    "address_too_long": (414, "The address is too long"),
    "unsupported_media_type": (415, "The content type is not one that this path takes"),
    # 422: parsed but unacceptable — the request as a whole
    "invalid_value": (422, "A value is not acceptable"),
    "missing_field": (422, "A field is missing"),
    "unknown_field": (422, "A field is not known"),
    "wrong_type": (422, "A value has the wrong type"),
    "out_of_range": (422, "A number is out of range"),
    "invalid_name": (422, "A name has the wrong form"),
    "unknown_parameter": (422, "A query parameter is not known"),
    "missing_parameter": (422, "A query parameter is missing"),
    "repeated_parameter": (422, "A query parameter stands twice"),
    "invalid_cursor": (422, "The cursor is not one that was given"),
    "idempotency_key_reused": (422, "The Idempotency-Key came before with another body"),
    "invalid_configuration": (422, "The training's configuration is not acceptable"),
    "not_available": (422, "This is not available"),
    # 422: tables (a code of a table that cannot be read at all is answered with 400)
    "header_only": (422, "The table has no rows"),
    "duplicate_column": (422, "Two columns have one name"),
    "empty_column_name": (422, "A column has no name"),
    "column_name_too_long": (422, "A column's name is too long"),
    "infinite_number": (422, "A number is infinite"),
    "not_a_number": (422, "A cell of a number column is no number"),
    "not_an_integer": (422, "A cell of an integer column is no integer"),
    "integer_out_of_range": (422, "An integer is too large"),
    "not_a_boolean": (422, "A cell of a boolean column is no boolean"),
    "mixed_types": (422, "A column mixes types"),
    "nested_value": (422, "A cell holds an object or a list"),
    "too_many_columns": (422, "The table has too many columns"),
    "row_too_long": (422, "A row is too long"),
    "cell_too_long": (422, "A cell is too long"),
    "unknown_column": (422, "The schema names a column that the table lacks"),
    "unknown_type": (422, "The schema names a type that does not exist"),
    # 422: training
    "one_class": (422, "The target has one class only"),
    "not_enough_rows": (422, "There are too few rows"),
    "too_many_classes": (422, "The target has too many classes"),
    "task_mismatch": (422, "The task does not fit the target"),
    "no_features": (422, "No column is left to learn from"),
    "network_too_large": (422, "The network is too large"),
    "not_comparable": (422, "The versions cannot be compared so"),
    # 422: predicting
    "missing_feature": (422, "A feature is missing"),
    "unknown_feature": (422, "The model has no such feature"),
    "too_many_rows": (422, "There are too many rows"),
    "no_rows": (422, "There are no rows"),
    "row_length": (422, "A row has the wrong number of values"),
    "number_out_of_range": (422, "A number does not fit float32"),
    "x_beside_features": (422, "`x` stands beside named features"),
    # 429, 500, 503, 507
    "too_many_jobs": (429, "Too many jobs wait for a worker"),
    "too_many_requests": (429, "There are too many requests"),
    "internal_error": (500, "Something went wrong here"),
    "corrupt": (500, "Stored bytes are damaged"),
    "database_unavailable": (503, "The database cannot be reached"),
    "storage_unavailable": (503, "The dataset storage cannot be reached"),
    "too_many_uploads": (503, "Too many bodies are being received"),
    "not_ready": (503, "The service is not ready"),
    "storage_full": (507, "There is no room left to write"),
}


@dataclass(frozen=True)
class ErrorItem:
    """One error and its place.

    Parameters
    ----------
    code, detail : str
        Stable name; a sentence for the person who asked.
    pointer : str or None
        RFC 6901 JSON pointer into the body.
    parameter : str or None
        Query parameter, header or form field.
    row : int or None
        Data row of a table, from 1, its header not counted.
    column : str or None
        Column of a table.
    """

    code: str
    detail: str
    pointer: str | None = None
    parameter: str | None = None
    row: int | None = None
    column: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The item as JSON, absent places left out."""
        names = ("pointer", "parameter", "row", "column", "code", "detail")
        values = {name: getattr(self, name) for name in names}
        # A place is whole or not there.
        long = {name for name in names[:-1] if len(str(values[name])) > _MOST_CHARACTERS}
        values["detail"] = _cut(self.detail)
        return {name: value for name, value in values.items() if value is not None and name not in long}


@dataclass(eq=False)
class Problem(Exception):
    """An answer that is an error.

    Parameters
    ----------
    code, detail : str
        Stable name, a key of `PROBLEMS`; a sentence for the person who asked.
    errors : sequence of ErrorItem
        The places; at most `MAX_ERRORS` are answered.
    headers : mapping
        Further headers of the answer, such as ``Retry-After``.
    status : int or None
        Where it is not the table's: a code that a table's reader may find unparseable or unacceptable.
    """

    code: str
    detail: str
    errors: Sequence[ErrorItem] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"

    @property
    def resolved_status(self) -> int:
        """The HTTP status: the problem's own, else its code's."""
        return self.status or PROBLEMS[self.code][0]

    def to_dict(self) -> dict[str, Any]:
        """The problem as JSON."""
        title = PROBLEMS[self.code][1] if self.code in PROBLEMS else "The request is not acceptable"
        document: dict[str, Any] = {
            "type": f"urn:mlp-service:problem:{self.code}",
            "title": title,
            "status": self.resolved_status,
            "detail": _cut(self.detail),
            "code": self.code,
        }
        if self.errors:
            document["errors"] = [item.to_dict() for item in self.errors[:MAX_ERRORS]]
        return document


def problem_at(
    code: str,
    detail: str,
    *,
    pointer: str | None = None,
    parameter: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Problem:
    """A problem with one place."""
    item = ErrorItem(code, detail, pointer=pointer, parameter=parameter)
    return Problem(code, detail, (item,), headers or {})


def problem_of(items: Sequence[ErrorItem], *, status: int | None = None) -> Problem:
    """A problem of one or more places; the first one names it. Whoever has `MAX_ERRORS` need look for no more."""
    others = len(items) - 1
    more = f" ({others} more{', or above' if others >= MAX_ERRORS - 1 else ''}.)" if others else ""
    return Problem(items[0].code, items[0].detail + more, tuple(items), status=status)


def shown(value: object) -> str:
    """The value as a sentence shows it: not the whole of a long one."""
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…"


def pointer(*path: str | int) -> str:
    """RFC 6901 JSON pointer of a path of keys and indexes."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def _cut(sentence: str) -> str:
    return sentence if len(sentence) <= _MOST_CHARACTERS else sentence[: _MOST_CHARACTERS - 1] + "…"
