"""Prints the OpenAPI document: ``python -m service.openapi > openapi.json``."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from service.app import create_app
from store.settings import Settings


def document() -> dict[str, Any]:
    """The interface as an OpenAPI 3.1 document."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data_dir=Path(folder), database_url="sqlite://"))
        return dict(app.api_doc)


def text() -> str:
    """The document as it stands in ``openapi.json``."""
    return json.dumps(document(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
