"""Every bad table and upload is a problem with its code and place, and leaves nothing behind."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.refusals import refused

pytestmark = pytest.mark.usefixtures("nothing_is_left_behind")


TABLES: dict[str, tuple[bytes, int, str, dict[str, Any]]] = {
    "empty file": (b"", 400, "empty_file", {}),
    "header only": (b"a,b\n", 422, "header_only", {}),
    "ragged row": (b"a,b\n1,2\n1,2,3\n", 422, "ragged_row", {"row": 2}),
    "duplicate columns": (b"a,a\n1,2\n", 422, "duplicate_column", {"column": "a"}),
    "infinite number": (b"a,b\n1,2\n2,inf\n", 422, "infinite_number", {"row": 2, "column": "b"}),
    "number outside float32": (b"a,b\n1,2\n2,1e39\n", 422, "number_out_of_range", {"row": 2, "column": "b"}),
    "not UTF-8": (b"a,b\n1,\xff\n", 400, "not_utf8", {}),
    "NUL byte": (b"a,b\n1,\x00\n", 400, "nul_byte", {}),
    "over the limit": (b"a,b\n" + b"1,2\n" * 60_000, 413, "body_too_large", {}),
}


@pytest.mark.parametrize("case", TABLES)
def test_a_bad_table_is_refused(refusing: Api, case: str) -> None:
    data, status, code, place = TABLES[case]
    refused(refusing.post("/datasets?name=bad", data=data, content_type="text/csv"), status, code, **place)
    form = {"name": "bad", "file": (BytesIO(data), "bad.csv")}
    refused(refusing.post("/datasets", data=form), status, code, **place)


def test_a_body_of_unknown_length_is_cut_off_at_the_limit(refusing: Api) -> None:
    environment = {"wsgi.input": BytesIO(b"a,b\n" + b"1,2\n" * 60_000), "wsgi.input_terminated": True}
    answer = refusing.post("/datasets?name=bad", content_type="text/csv", environ_overrides=environment)
    refused(answer, 413, "body_too_large")


def test_text_in_a_column_given_as_numeric_names_row_and_column(refusing: Api) -> None:
    form = {"name": "bad", "file": (BytesIO(b"a,b\n1,2\nx,3\n"), "t.csv"), "schema": '{"a": "number"}'}
    refused(refusing.post("/datasets", data=form), 422, "not_a_number", row=2, column="a")
    columns = [{"name": "a", "type": "number"}, "b"]
    body = {"name": "bad", "columns": columns, "rows": [[1, 2], ["x", 3]]}
    refused(refusing.post("/datasets", json=body), 422, "not_a_number", row=2, column="a")


UPLOADS: dict[str, tuple[dict[str, Any], int, str, dict[str, Any]]] = {
    "no name": (
        {"path": "", "data": b"a\n1\n", "content_type": "text/csv"},
        422,
        "missing_parameter",
        {"parameter": "name"},
    ),
    "bad name": (
        {"path": "?name=a/b", "data": b"a\n1\n", "content_type": "text/csv"},
        422,
        "invalid_name",
        {"parameter": "name"},
    ),
    "name like an id": (
        {"path": "?name=job_01K00000000000000000000000", "data": b"a\n1\n", "content_type": "text/csv"},
        422,
        "invalid_name",
        {"parameter": "name"},
    ),
    "wrong content type": (
        {"path": "?name=bad", "data": b"a\n1\n", "content_type": "application/x-www-form-urlencoded"},
        415,
        "unsupported_media_type",
        {"parameter": "Content-Type"},
    ),
    "another charset": (
        {"path": "?name=bad", "data": b"a\n1\n", "content_type": "text/csv; charset=latin-1"},
        415,
        "unsupported_media_type",
        {"parameter": "Content-Type"},
    ),
    "no content type": (
        {"path": "?name=bad", "data": b"a\n1\n"},
        415,
        "unsupported_media_type",
        {"parameter": "Content-Type"},
    ),
    "no file in the form": (
        {"path": "", "data": {"name": "bad"}, "content_type": "multipart/form-data"},
        422,
        "missing_field",
        {"parameter": "file"},
    ),
    "no boundary": ({"path": "", "data": b"xyz", "content_type": "multipart/form-data"}, 400, "invalid_multipart", {}),
    "JSON without rows": (
        {"path": "", "json": {"name": "bad", "columns": ["a"]}},
        422,
        "missing_field",
        {"pointer": "/rows"},
    ),
    "JSON of both forms": (
        {"path": "", "json": {"name": "bad", "columns": ["a"], "records": [{"a": 1}]}},
        422,
        "invalid_value",
        {"pointer": "/columns"},
    ),
    "JSON row that is no list": (
        {"path": "", "json": {"name": "bad", "columns": ["a"], "rows": [[1], 2]}},
        422,
        "wrong_type",
        {"pointer": "/rows/1"},
    ),
    "JSON with a nested cell": (
        {"path": "", "json": {"name": "bad", "columns": ["a"], "rows": [[1], [[2]]]}},
        422,
        "nested_value",
        {"row": 2, "column": "a"},
    ),
    "JSON with an unknown field": (
        {"path": "", "json": {"name": "bad", "colums": ["a"], "rows": [[1]]}},
        422,
        "unknown_field",
        {"pointer": "/colums"},
    ),
    "JSON records with another key": (
        {"path": "", "json": {"name": "bad", "records": [{"a": 1}, {"A": 1}]}},
        422,
        "missing_field",
        {"row": 2, "column": "a"},
    ),
    "an unknown parameter": (
        {"path": "?name=bad&nmae=x", "data": b"a\n1\n", "content_type": "text/csv"},
        422,
        "unknown_parameter",
        {"parameter": "nmae"},
    ),
    "a repeated parameter": (
        {"path": "?name=bad&name=x", "data": b"a\n1\n", "content_type": "text/csv"},
        422,
        "repeated_parameter",
        {"parameter": "name"},
    ),
}


@pytest.mark.parametrize("case", UPLOADS)
def test_a_bad_upload_is_refused(refusing: Api, case: str) -> None:
    request, status, code, place = UPLOADS[case]
    options = dict(request)
    refused(refusing.post("/datasets" + options.pop("path"), **options), status, code, **place)
