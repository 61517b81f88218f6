"""Where this code lies, told to the Python processes that are started from it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def with_code_path(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment in which ``python -m`` finds this code, whatever packages lie in the current folder."""
    home = str(Path(__file__).resolve().parent.parent)
    former = environment.get("PYTHONPATH")
    return {
        **environment,
        "PYTHONPATH": os.pathsep.join([home, former] if former else [home]),
        "PYTHONSAFEPATH": "1",
    }
