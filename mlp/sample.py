"""The table that is shipped, and the requests that show the service with it."""

from __future__ import annotations

import json
import shlex
from importlib.resources import files
from pathlib import Path

TARGET = "species"
FLOWER = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}
OTHER_FLOWERS = (
    {"sepal_length": 5.9, "sepal_width": 2.8, "petal_length": 4.3, "petal_width": 1.3},
    {"sepal_length": 6.6, "sepal_width": 3.0, "petal_length": 5.6, "petal_width": 2.1},
)


def iris_path() -> Path:
    """Where ``iris.csv`` lies on this machine; its README beside it names the source."""
    return Path(str(files("mlp") / "data" / "iris.csv"))


def curl_lines(url: str) -> list[str]:
    """Three commands for a shell: upload, train, predict. Pasted all at once they work too.

    The last one asks again for a minute: until the training is over, there is no model that could answer.
    """
    query = "&".join(["model=iris", *(f"{name}={value}" for name, value in FLOWER.items())])
    upload = shlex.quote(f"@{iris_path()}")
    order = json.dumps({"dataset": "iris", "target": TARGET})
    curl = r"curl -s -w '\n'"
    return [
        f"{curl} -S '{url}/datasets?name=iris' -H 'Content-Type: text/csv' --data-binary {upload}",
        f"{curl} -S {url}/train -H 'Content-Type: application/json' -d '{order}'",
        f"{curl} --fail --retry 60 --retry-delay 1 --retry-all-errors '{url}/predict?{query}'",
    ]
