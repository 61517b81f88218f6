"""A prediction that the database is away for is refused, and has asked it once."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from werkzeug.test import Client

from service.app import fast_door
from tests.support.api import Api

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
_INFER = {"inputs": [{"name": "input", "shape": [1, 4], "datatype": "FP32", "data": [5.1, 3.5, 1.4, 0.2]}]}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/predict?model=iris&x=5.1,3.5,1.4,0.2", None),
        ("/predict", {"model": "iris", "rows": [[5.1, 3.5, 1.4, 0.2]]}),
        ("/v2/models/iris/infer", _INFER),
    ],
)
def test_a_database_that_is_away_is_waited_for_once(
    api: Api, monkeypatch: pytest.MonkeyPatch, path: str, body: dict[str, Any] | None
) -> None:
    asked: list[Any] = []

    def wait_in_vain(*who: Any) -> None:
        asked.append(who)
        raise OperationalError("SELECT 1", {}, Exception("PostgreSQL has been silent for 20 s"))

    monkeypatch.setattr(api.parts.predictor, "choose", wait_in_vain)
    client = Client(fast_door(api.app))
    answer = client.get(path) if body is None else client.post(path, json=body)
    assert answer.status_code == 503, answer.text
    assert len(asked) == 1
    if not path.startswith("/v2"):
        assert answer.json is not None
        assert answer.json["code"] == "database_unavailable"
        assert answer.headers["Retry-After"]
