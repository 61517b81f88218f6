"""GET /openapi.json and /docs: the interface as a machine and as a person reads it."""

from __future__ import annotations

from flask import Response, current_app

from service.answers import json_answer
from service.blueprints import blueprint
from service.documentation import PAGE, PAGE_POLICY

routes = blueprint("documentation", __name__, "Documentation")


@routes.get("/openapi.json", responses={200: {"description": "The OpenAPI 3.1 document."}})
def openapi_document() -> Response:
    """This interface as an OpenAPI document."""
    return json_answer(current_app.api_doc)  # type: ignore[attr-defined]


@routes.get(
    "/docs", responses={200: {"description": "A page.", "content": {"text/html": {"schema": {"type": "string"}}}}}
)
def documentation_page() -> Response:
    """This interface as a page to read; needs nothing from elsewhere."""
    return Response(PAGE, headers={"Content-Security-Policy": PAGE_POLICY}, content_type="text/html; charset=utf-8")
