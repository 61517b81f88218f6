"""What a refusal looks like, and a table and a model for requests to be refused beside."""

from __future__ import annotations

import json
from typing import Any

from store.settings import Settings
from tests.support.api import Api

IRIS_BODY: dict[str, Any] = {"dataset": "iris", "target": "species"}


def low_limits(settings: Settings) -> Settings:
    """The settings with limits that a test can reach."""
    return settings.model_copy(
        update={"max_body_bytes": 200_000, "max_json_bytes": 250_000, "max_predict_rows": 50, "max_classes": 20}
    )


def furnish(api: Api) -> None:
    """Upload what the bad requests speak of."""
    api.upload_iris()
    api.trained(**IRIS_BODY)
    api.upload("size,kind\n" + "".join(f"{n % 7},same\n" for n in range(30)), "one_class")
    api.upload("size,kind\n1,a\n2,b\n3,a\n", "small")
    api.upload("a,b\n" + "".join(f"{n * 1.5},{n}\n" for n in range(30)), "numbers")


def refused(answer: Any, status: int, code: str, **place: Any) -> dict[str, Any]:
    """Check a refusal's form, code and place; the problem."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    problem: dict[str, Any] = json.loads(answer.data)
    assert (problem["code"], problem["status"]) == (code, status)
    assert problem["title"]
    assert problem["detail"]
    assert answer.headers["X-Request-Id"]
    if place:
        found = problem["errors"][0]
        assert {name: found.get(name) for name in place} == place
    return problem
