"""The service, its OpenAPI document and its public page say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import schemathesis

from core import errors as core_errors
from service import openapi
from service.problems import PROBLEMS
from store.errors import NotFound
from tests.support.api import Api

ROOT = Path(__file__).parents[2]
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

# What this release owes of the contract; further routes come with what they serve.
ROUTES = {
    ("POST", "/datasets"),
    ("GET", "/datasets"),
    ("GET", "/datasets/{dataset}"),
    ("GET", "/datasets/{dataset}/rows"),
    ("GET", "/datasets/{dataset}/download"),
    ("DELETE", "/datasets/{dataset}"),
    ("POST", "/train"),
    ("GET", "/jobs"),
    ("GET", "/jobs/{job}"),
    ("GET", "/jobs/{job}/history"),
    ("GET", "/jobs/{job}/events"),
    ("GET", "/jobs/{job}/trials"),
    ("POST", "/jobs/{job}/cancel"),
    ("POST", "/jobs/{job}/retry"),
    ("DELETE", "/jobs/{job}"),
    ("GET", "/models"),
    ("GET", "/models/{model}"),
    ("PATCH", "/models/{model}"),
    ("DELETE", "/models/{model}"),
    ("GET", "/models/{model}/versions"),
    ("GET", "/models/{model}/versions/{version}"),
    ("PATCH", "/models/{model}/versions/{version}"),
    ("DELETE", "/models/{model}/versions/{version}"),
    ("POST", "/models/{model}/versions"),
    ("GET", "/models/{model}/versions/{version}/weights"),
    ("GET", "/models/{model}/versions/{version}/onnx"),
    ("GET", "/models/{model}/predictions"),
    ("DELETE", "/models/{model}/predictions"),
    ("GET", "/models/{model}/drift"),
    ("GET", "/predict"),
    ("POST", "/predict"),
    ("GET", "/v2"),
    ("GET", "/v2/"),
    ("GET", "/v2/health/live"),
    ("GET", "/v2/health/ready"),
    ("POST", "/v2/repository/index"),
    ("GET", "/v2/models/{model}"),
    ("GET", "/v2/models/{model}/ready"),
    ("POST", "/v2/models/{model}/infer"),
    ("GET", "/v2/models/{model}/versions/{version}"),
    ("GET", "/v2/models/{model}/versions/{version}/ready"),
    ("POST", "/v2/models/{model}/versions/{version}/infer"),
    ("GET", "/models/{model}/aliases"),
    ("PUT", "/models/{model}/aliases/{alias}"),
    ("POST", "/models/{model}/aliases/{alias}/rollback"),
    ("GET", "/models/{model}/aliases/{alias}/history"),
    ("DELETE", "/models/{model}/aliases/{alias}"),
    ("GET", "/metrics"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
}


def _page() -> str:
    return (ROOT / "docs" / "api.md").read_text("utf-8")


@SQLITE
def test_the_service_has_the_contracts_routes_and_no_other(api: Api) -> None:
    served = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in api.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served == ROUTES


def test_the_openapi_document_has_the_same_routes_and_is_up_to_date() -> None:
    document = openapi.document()
    assert {(method.upper(), path) for path, item in document["paths"].items() for method in item} == ROUTES
    assert (ROOT / "openapi.json").read_text("utf-8") == openapi.text(), "run python -m service.openapi > openapi.json"


def test_every_reference_in_the_openapi_document_leads_somewhere() -> None:
    document = openapi.document()
    references = set(re.findall(r"'#/components/schemas/([^']+)'", str(document)))
    assert references
    assert references <= set(document["components"]["schemas"])


def test_every_operation_documents_its_answers_and_problems() -> None:
    for path, item in openapi.document()["paths"].items():
        for method, operation in item.items():
            assert operation["summary"], (method, path)
            assert any(status.startswith("2") for status in operation["responses"]), (method, path)
            problem = operation["responses"]["422"]["content"]
            form = "application/json" if path.startswith("/v2") else "application/problem+json"
            assert list(problem) == [form], (method, path)
            named = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "path"}
            assert named == set(re.findall(r"\{(\w+)\}", path)), (method, path)


def test_the_page_names_every_route() -> None:
    named = set(re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/[a-z0-9.{}/]*)", _page()))
    assert named == ROUTES


def test_the_page_lists_every_code_with_its_status() -> None:
    listed = re.findall(r"^\| `(\w+)` \| (\d+) \| (.+) \|$", _page(), re.MULTILINE)
    assert {code: (int(status), title) for code, status, title in listed} == dict(PROBLEMS)


def test_the_page_documents_every_field_of_a_training() -> None:
    fields = openapi.document()["components"]["schemas"]["TrainRequest"]["properties"]
    page = _page()
    assert [name for name in fields if f"`{name}`" not in page and f'"{name}"' not in page] == []


def test_every_code_that_the_other_rooms_raise_is_in_the_table() -> None:
    sources = [*(ROOT / "store").rglob("*.py"), *(ROOT / "service").rglob("*.py")]
    pattern = re.compile(
        r"(?:refuse|unparseable|TableProblem|Conflict|Problem|problem_at|ErrorItem|_MisfitError|\bcode)"
        r"(?:\(| = )\s*\"([a-z0-9_]+)\""
    )
    used = {code: path for path in sources for code in pattern.findall(path.read_text("utf-8"))}
    internal = {"store_error", "schema_mismatch", "lease_lost"}  # never leave as they are
    assert {code: str(path) for code, path in used.items() if code not in PROBLEMS and code not in internal} == {}
    for what in ("dataset", "job", "model", "version", "alias"):
        assert NotFound(what, "x").code in PROBLEMS
    for error in (core_errors.InvalidConfiguration, core_errors.NotEnoughRows, core_errors.OneClass):
        assert error.code in PROBLEMS


@SQLITE
def test_the_documents_are_served_and_need_nothing_from_elsewhere(api: Api) -> None:
    served: Any = api.get("/openapi.json").json
    assert served == openapi.document()
    page = api.get("/docs")
    assert page.content_type == "text/html; charset=utf-8"
    assert "//" not in re.sub(r"<svg.*?</svg>", "", page.text).replace("<!doctype", "")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_the_openapi_document_is_a_valid_one_and_tells_the_bounds_of_numbers() -> None:
    document = openapi.document()
    schemathesis.openapi.from_dict(document).validate()
    parameters = {
        (path, each["name"]): each["schema"]
        for path, item in document["paths"].items()
        for operation in item.values()
        for each in operation.get("parameters", [])
    }
    assert (parameters["/jobs", "limit"]["minimum"], parameters["/jobs", "limit"]["maximum"]) == (1, 500)
    points = parameters["/jobs/{job}/history", "points"]["anyOf"][0]
    assert (points["minimum"], points["maximum"]) == (2, 10_000)
    assert parameters["/models/{model}/versions/{version}", "version"]["minimum"] == 1
    assert "pattern" in parameters["/jobs", "cursor"]["anyOf"][0]
    assert parameters["/train", "Idempotency-Key"]["pattern"]
    assert parameters["/datasets", "Idempotency-Key"]["pattern"]
    asked = {each["name"]: each["in"] for each in document["paths"]["/datasets"]["post"]["parameters"]}
    assert asked == {"Idempotency-Key": "header", "name": "query"}
    events = document["paths"]["/jobs/{job}/events"]["get"]["responses"]["200"]["content"]
    assert events == {"text/event-stream": {}}
