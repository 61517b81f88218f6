"""Tags and descriptions: what may be said of a model and of a version, up to which length."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.refusals import refused


def test_tags_and_description_change_and_all_else_stays(api: Api) -> None:
    api.upload_iris()
    api.trained(dataset="iris", target="species", epochs=1, importance_repeats=0)
    for path in ("/models/iris", "/models/iris/versions/1"):
        before = api.get(path).json
        assert (before["tags"], before["description"]) == ({}, "")

        def patch(path: str = path, **fields: Any) -> Any:
            answer = api.client.patch(path, json=fields)
            assert answer.status_code == 200, answer.text
            assert api.get(path).json == answer.json
            return answer.json

        changed = patch(tags={"stage": "first", "Größe": "klein ☃"}, description="Ein Satz.\nUnd noch einer.")
        assert changed == {
            **before,
            "tags": {"stage": "first", "Größe": "klein ☃"},
            "description": "Ein Satz.\nUnd noch einer.",
        }
        assert patch(description="two")["tags"] == changed["tags"]  # what is left out stays
        assert patch(tags={"stage": "second"}) == {**before, "tags": {"stage": "second"}, "description": "two"}
        assert patch() == {**before, "tags": {"stage": "second"}, "description": "two"}
        most = {"k" * 97 + f"{n:03}": "v" * 1000 for n in range(100)}
        assert patch(tags=most, description="x" * 10_000)["tags"] == most
        assert patch(tags={}, description="") == before
    refused(api.client.patch("/models/none", json={"tags": {}}), 404, "model_not_found")
    refused(api.client.patch("/models/iris/versions/9", json={"tags": {}}), 404, "version_not_found")


@pytest.mark.parametrize("path", ["/models/iris", "/models/iris/versions/1"])
@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"tags": {f"{n}": "" for n in range(101)}}, "/tags"),
        ({"tags": {"k" * 101: ""}}, "/tags/" + "k" * 101),
        ({"tags": {"k": "v" * 1001}}, "/tags/k"),
        ({"description": "x" * 10_001}, "/description"),
    ],
)
def test_what_is_too_long_is_refused_and_changes_nothing(refusing: Api, path: str, body: Any, place: str) -> None:
    before = refusing.get(path).json
    refused(refusing.client.patch(path, json=body), 422, "out_of_range", pointer=place)
    assert refusing.get(path).json == before
