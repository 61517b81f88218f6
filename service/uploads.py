"""An upload's body in any of its forms, as a typed table; large forms go by way of a temporary file."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from itertools import islice
from typing import IO, Any, cast

from flask import Request
from pydantic import Field
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from service.gate import demand_utf8, media_type
from service.json_body import read_json
from service.problems import MAX_ERRORS, ErrorItem, Problem, pointer, problem_at, problem_of
from service.request_body import StrictRequest
from service.schemas.base import NAME_FORM, Body, Items, Name
from service.store_problems import check_name
from service.validation import validated
from store.ingest import IngestedTable, Limits, read_csv, read_records, read_rows
from store.settings import Settings

_CHUNK_BYTES = 1 << 20
_MOST_FIELD_BYTES = 1 << 20


class ColumnRequest(Body):
    """A column of a JSON table with its type."""

    name: str
    type: str = Field(description="number, integer, boolean or category.")


class JsonTable(Body):
    """A table as JSON: `columns` and `rows`, or `records`."""

    name: Name
    columns: Items[str | ColumnRequest] | None = None
    rows: list[Any] | None = None
    records: list[Any] | None = None


UPLOAD_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "text/csv": {"schema": {"type": "string"}},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file", "name"],
                "properties": {
                    "file": {"type": "string", "format": "binary", "description": "A CSV file."},
                    "name": NAME_FORM,
                    "schema": {"type": "string", "description": "A JSON object: the types of some columns."},
                },
            }
        },
        "application/json": {"schema": JsonTable.model_json_schema(ref_template="#/components/schemas/{model}")},
    },
}
UPLOAD_BODY["content"]["application/json"]["schema"].pop("$defs", None)
UPLOAD_BODY["content"]["application/json"]["schema"]["properties"]["columns"] = {
    "type": "array",
    "items": {"anyOf": [{"type": "string"}, ColumnRequest.model_json_schema()]},
}


def read_upload(request: Request, query_name: str | None, settings: Settings) -> tuple[str, IngestedTable]:
    """The dataset's name and its table.

    Raises
    ------
    Problem
        415 for another content type, 413 over the limit, 400 or 422 for what the forms refuse.
    IngestError
        For a table that cannot be a dataset.
    """
    strict = cast(StrictRequest, request)
    form = media_type(strict.headers.get("Content-Type"))
    readers: Mapping[str, Callable[[StrictRequest, str | None, Settings], tuple[str, IngestedTable]]] = {
        "text/csv": _read_csv_body,
        "multipart/form-data": _read_multipart,
        "application/json": _read_json_body,
    }
    if form not in readers:
        detail = f"Send the table as {', '.join(readers)}, not as {form or 'a body without a Content-Type'}."
        raise problem_at("unsupported_media_type", detail, parameter="Content-Type")
    if form != "text/csv" and query_name is not None:
        raise problem_at("unknown_parameter", f"The name of a table in {form} stands in the body.", parameter="name")
    return readers[form](strict, query_name, settings)


def _read_csv_body(request: StrictRequest, name: str | None, settings: Settings) -> tuple[str, IngestedTable]:
    if name is None:
        raise problem_at("missing_parameter", "The parameter 'name' is missing.", parameter="name")
    check_name(name, parameter="name")
    demand_utf8(request.headers.get("Content-Type"))
    with tempfile.TemporaryFile() as file:
        _spool(request, file, settings.max_body_bytes)
        return name, read_csv(file, limits=Limits.of(settings))


def _spool(request: StrictRequest, file: IO[bytes], limit: int) -> None:
    request.limit_body(limit)
    while chunk := request.stream.read(_CHUNK_BYTES):
        file.write(chunk)
    file.seek(0)


def _read_multipart(request: StrictRequest, _name: str | None, settings: Settings) -> tuple[str, IngestedTable]:
    request.limit_body(settings.max_body_bytes)
    request.max_form_memory_size = _MOST_FIELD_BYTES
    try:
        form, files = request.form, request.files
    except RequestEntityTooLarge:
        detail = f"A form field is larger than {_MOST_FIELD_BYTES:,} bytes, or there are more than 1,000 of them."
        raise Problem("body_too_large", detail) from None
    except (BadRequest, ValueError):
        detail = "The multipart body cannot be read: a boundary or a part's header is not where it should be."
        raise Problem("invalid_multipart", detail) from None
    items = [
        ErrorItem("unknown_field", f"There is no form field {field!r} here.", parameter=field)
        for field in [*form, *files]
        if field not in ("name", "schema", "file")
    ]
    items += [
        ErrorItem("missing_field", f"The form field {field!r} is missing.", parameter=field)
        for field, found in (("name", form), ("file", files))
        if field not in found
    ]
    if items:
        raise problem_of(items)
    for field in ("name", "schema", "file"):
        if len(form.getlist(field)) + len(files.getlist(field)) > 1:
            raise problem_at("repeated_parameter", f"The form field {field!r} stands twice.", parameter=field)
    name = check_name(form["name"], parameter="name")
    schema = _schema(form["schema"].encode("utf-8", "surrogateescape"), settings) if "schema" in form else None
    return name, read_csv(cast(Any, files["file"].stream), schema=schema, limits=Limits.of(settings))


def _schema(data: bytes, settings: Settings) -> dict[str, str]:
    try:
        value = read_json(data, max_depth=settings.max_json_depth, max_digits=settings.max_json_digits)
    except Problem as problem:
        detail = problem.detail.replace("The body", "The form field 'schema'")
        raise problem_at(problem.code, detail, parameter="schema") from None
    if not isinstance(value, dict) or not all(isinstance(kind, str) for kind in value.values()):
        detail = "The form field 'schema' takes a JSON object of a type for each column."
        raise problem_at("wrong_type", detail, parameter="schema")
    return value


def _read_json_body(request: StrictRequest, _name: str | None, settings: Settings) -> tuple[str, IngestedTable]:
    body = validated(JsonTable, request.get_json())
    check_name(body.name, pointer="/name")
    limits = Limits.of(settings)
    if body.records is not None:
        for field in ("columns", "rows"):
            if getattr(body, field) is not None:
                raise problem_at("invalid_value", f"`{field}` cannot stand beside `records`.", pointer=pointer(field))
        _demand("records", body.records, dict, "a JSON object")
        return body.name, read_records(body.records, limits=limits)
    for field in ("columns", "rows"):
        if getattr(body, field) is None:
            detail = f"Give `columns` and `rows`, or `records`; {field!r} is missing."
            raise problem_at("missing_field", detail, pointer=pointer(field))
    columns = [each if isinstance(each, str) else each.model_dump() for each in body.columns or ()]
    _demand("rows", body.rows or [], list, "a JSON list")
    return body.name, read_rows(columns, body.rows or [], limits=limits)


def _demand(field: str, values: list[Any], kind: type, called: str) -> None:
    items = [
        ErrorItem("wrong_type", f"Each of `{field}` should be {called}.", pointer(field, index), row=index + 1)
        for index, value in islice(((i, v) for i, v in enumerate(values) if not isinstance(v, kind)), MAX_ERRORS)
    ]
    if items:
        raise problem_of(items)
