"""Predictions of a dataset that cannot be: told at once, by the field or the column, with nothing left behind."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.test_api_dataset_predictions import SQLITE, ask
from tests.support.api import Api


@SQLITE
def test_what_does_not_fit_the_version_is_told_at_once(api: Api) -> None:
    api.upload_iris()
    api.trained(dataset="iris", target="species")
    api.upload("sepal_length,sepal_width,petal_width\n" + "a,1,2\n" * 30, "lacking")
    before = api.traces()
    asked = ask(api, model="iris", dataset="lacking")
    assert asked.status_code == 422
    found = [(item["code"], item["column"], item["pointer"]) for item in asked.json["errors"]]
    assert found == [("wrong_type", "sepal_length", "/dataset"), ("missing_feature", "petal_length", "/dataset")]
    assert api.traces() == before


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        ({"model": "iris", "dataset": "nothing"}, 404, "dataset_not_found", "/dataset"),
        ({"model": "iris", "dataset": "a\x00b"}, 404, "dataset_not_found", "/dataset"),
        ({"model": "nothing", "dataset": "iris"}, 404, "model_not_found", "/model"),
        ({"model": "a\x00b", "dataset": "iris"}, 404, "model_not_found", "/model"),
        ({"model": "iris", "dataset": "iris", "version": 99}, 404, "version_not_found", "/version"),
        ({"model": "iris", "dataset": "iris", "alias": "nothing"}, 404, "alias_not_found", "/alias"),
        ({"model": "iris", "dataset": "iris", "version": 1, "alias": "a"}, 422, "invalid_value", "/alias"),
        ({"model": "iris", "dataset": "iris", "version": "1"}, 422, "wrong_type", "/version"),
        ({"model": "iris", "dataset": "iris", "version": 0}, 422, "out_of_range", "/version"),
        ({"model": "iris", "dataset": 3}, 422, "wrong_type", "/dataset"),
        ({"model": "iris", "dataset": None}, 422, "wrong_type", "/dataset"),
        ({"dataset": "iris"}, 422, "missing_field", "/model"),
        ({"model": "iris", "dataset": "iris", "rows": [[1]]}, 422, "invalid_value", "/rows"),
        ({"model": "iris", "dataset": "iris", "name": "not a name"}, 422, "invalid_name", "/name"),
        ({"model": "iris", "dataset": "iris", "top_k": 2}, 422, "unknown_field", "/top_k"),
        ({"model": "iris", "dataset": "iris", "explain": True}, 422, "unknown_field", "/explain"),
    ],
)
def test_bad_requests_are_told_by_the_field(
    refusing: Api, nothing_is_left_behind: None, body: dict[str, Any], status: int, code: str, pointer: str
) -> None:
    asked = ask(refusing, **body)
    assert (asked.status_code, asked.json["code"]) == (status, code), asked.text
    assert [item["pointer"] for item in asked.json["errors"]] == [pointer]
