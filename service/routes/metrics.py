"""GET /metrics: what the service counts, for Prometheus."""

from __future__ import annotations

from flask import Response

from service.blueprints import blueprint
from service.metrics import CONTENT_TYPE
from service.parts import parts

routes = blueprint("metrics", __name__, "Health")
_TEXT = {"description": "Prometheus' text form.", "content": {"text/plain": {"schema": {"type": "string"}}}}


@routes.get("/metrics", responses={200: _TEXT})
def show_metrics() -> Response:
    """Counts and gauges in Prometheus' text form."""
    return Response(parts().metrics.text(), headers={"Cache-Control": "no-store"}, content_type=CONTENT_TYPE)
