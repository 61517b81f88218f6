"""An API whose processes die where a plan says so: ``python -m tests.support.failing_api``."""

from __future__ import annotations

import sys
from typing import Any

from service import server

if __name__ == "__main__":
    serve = server.Server

    def serve_failing(_target: str, **options: Any) -> Any:
        return serve("tests.support.failing_wsgi:app", **options)

    server.Server = serve_failing  # type: ignore[assignment, misc]
    sys.exit(server.main())
