"""Bodies in a wrong wrapping: forms that cannot be read, other encodings; nothing left behind."""

from __future__ import annotations

import json

import pytest

from tests.support.api import Api
from tests.support.refusals import IRIS_BODY, refused

pytestmark = pytest.mark.usefixtures("nothing_is_left_behind")

FORM = "multipart/form-data; boundary=x"
CSV = "a,b\r\n1,2\r\n"


def part(name: str, value: str, *, file: bool = False) -> str:
    """A part of a form."""
    return f'--x\r\nContent-Disposition: form-data; name="{name}"{"; filename=f" if file else ""}\r\n\r\n{value}\r\n'


NAME, FILE = part("name", "t"), part("file", CSV, file=True)
FORMS: dict[str, tuple[str, str, int, str, str | None]] = {
    "no form at all": (FORM, "xyz", 400, "invalid_multipart", None),
    "an empty boundary": ("multipart/form-data; boundary=", NAME + FILE + "--x--", 400, "invalid_multipart", None),
    "no boundary": ("multipart/form-data", NAME + FILE + "--x--", 400, "invalid_multipart", None),
    "without its end": (FORM, NAME + FILE, 400, "invalid_multipart", None),
    "a part without a header": (FORM, "--x\r\n\r\nabc\r\n--x--", 400, "invalid_multipart", None),
    "no file": (FORM, NAME + "--x--", 422, "missing_field", "file"),
    "a field twice": (FORM, NAME + NAME + FILE + "--x--", 422, "repeated_parameter", "name"),
    "a file twice": (FORM, NAME + FILE + FILE + "--x--", 422, "repeated_parameter", "file"),
    "an unknown field": (FORM, NAME + FILE + part("nmae", "t") + "--x--", 422, "unknown_field", "nmae"),
    "a schema that is no JSON": (FORM, NAME + FILE + part("schema", "{") + "--x--", 400, "invalid_json", "schema"),
    "a schema with a key twice": (
        FORM,
        NAME + FILE + part("schema", '{"a":"number","a":"number"}') + "--x--",
        400,
        "duplicate_key",
        "schema",
    ),
    "too many fields": (FORM, part("f", "") * 1001 + "--x--", 413, "body_too_large", None),
}


@pytest.mark.parametrize("case", FORMS)
def test_a_bad_form_is_refused(refusing: Api, case: str) -> None:
    content_type, data, status, code, parameter = FORMS[case]
    answer = refusing.post("/datasets", data=data.encode(), content_type=content_type)
    problem = refused(answer, status, code, **({"parameter": parameter, "pointer": None} if parameter else {}))
    if status == 413:
        assert "field" in problem["detail"]


def test_a_form_over_the_limit_names_the_limit(refusing: Api) -> None:
    data = (NAME + part("file", "a,b\r\n" + "1,2\r\n" * 50_000, file=True) + "--x--").encode()
    for length in ({}, {"content_length": None, "environ_overrides": {"wsgi.input_terminated": True}}):
        answer = refusing.post("/datasets", data=data, content_type=FORM, **length)
        assert "200,000" in refused(answer, 413, "body_too_large")["detail"]


@pytest.mark.parametrize("charset", ["utf-16", "latin-1", '"iso-8859-1"'])
def test_another_charset_is_refused(refusing: Api, charset: str) -> None:
    for path, media in (
        ("/datasets?name=t", "text/csv"),
        ("/train", "application/json"),
        ("/predict", "application/json"),
    ):
        answer = refusing.post(path, data="{}", content_type=f"{media}; charset={charset}")
        refused(answer, 415, "unsupported_media_type", parameter="Content-Type")


def test_a_compressed_body_is_refused(refusing: Api) -> None:
    for path, media in (("/datasets?name=t", "text/csv"), ("/datasets", FORM), ("/train", "application/json")):
        answer = refusing.post(
            path, data=json.dumps(IRIS_BODY), content_type=media, headers={"Content-Encoding": "gzip"}
        )
        refused(answer, 415, "unsupported_media_type", parameter="Content-Encoding")
