"""Every bad request for a prediction is a problem with its code and place."""

from __future__ import annotations

import difflib
from types import SimpleNamespace
from typing import Any, cast

import pytest

from service.loaded_version import Feature, LoadedVersion
from service.predict_input import Options, QueryInput
from service.problems import Problem
from tests.support.api import SETOSA, Api
from tests.support.refusals import refused

pytestmark = pytest.mark.usefixtures("nothing_is_left_behind")


PREDICTIONS: dict[str, tuple[dict[str, Any], int, str]] = {
    "unknown model": ({"model": "irsi"}, 404, "model_not_found"),
    "model by a name that cannot be": ({"model": "a\u0000b"}, 404, "model_not_found"),
    "unknown version": ({"version": 99}, 404, "version_not_found"),
    "a version beyond any": ({"version": 2**31 - 1}, 404, "version_not_found"),
    "unknown alias": ({"alias": "best"}, 404, "alias_not_found"),
}


@pytest.mark.parametrize("case", PREDICTIONS)
def test_what_does_not_exist_is_404_at_both_verbs(refusing: Api, case: str) -> None:
    change, status, code = PREDICTIONS[case]
    name = next(iter(change))
    if "\u0000" not in str(change[name]):
        refused(
            refusing.get("/predict", query_string={"model": "iris", **SETOSA, **change}),
            status,
            code,
            parameter=name,
        )
    refused(
        refusing.post("/predict", json={"model": "iris", "records": [SETOSA], **change}),
        status,
        code,
        pointer=f"/{name}",
    )


QUERIES: dict[str, tuple[str, int, str, str | None]] = {
    "an empty alias": ("model=iris&x=1,2,3,4&alias=", 422, "invalid_value", "alias"),
    "a zero before a version": ("model=iris&x=1,2,3,4&version=01", 422, "invalid_value", "version"),
    "no model": ("sepal_length=1", 422, "missing_parameter", "model"),
    "a missing feature": (
        "model=iris&sepal_length=5.1&sepal_width=3.5&petal_length=1.4",
        422,
        "missing_feature",
        "petal_width",
    ),
    "an extra feature": ("model=iris&x=1,2,3,4&sepal_length=5", 422, "x_beside_features", "sepal_length"),
    "a misspelt feature": (
        "model=iris&sepal_lenght=5.1&sepal_width=3.5&petal_length=1.4&petal_width=0.2",
        422,
        "unknown_feature",
        "sepal_lenght",
    ),
    "a non-numeric feature": ("model=iris&x=5.1,abc,1.4,0.2", 422, "wrong_type", "x"),
    "a named non-numeric feature": (
        "model=iris&sepal_length=wide&sepal_width=3.5&petal_length=1.4&petal_width=0.2",
        422,
        "wrong_type",
        "sepal_length",
    ),
    "not a number": ("model=iris&x=nan,3.5,1.4,0.2", 422, "wrong_type", "x"),
    "an infinite feature": ("model=iris&x=inf,3.5,1.4,0.2", 422, "wrong_type", "x"),
    "a number outside float32": ("model=iris&x=1e39,3.5,1.4,0.2", 422, "number_out_of_range", "x"),
    "a number outside a double": ("model=iris&x=1e999,3.5,1.4,0.2", 422, "number_out_of_range", "x"),
    "a hexadecimal number": ("model=iris&x=0x1F,3.5,1.4,0.2", 422, "wrong_type", "x"),
    "too few values": ("model=iris&x=1,2,3", 422, "row_length", "x"),
    "too many values": ("model=iris&x=1,2,3,4,5", 422, "row_length", "x"),
    "two records": ("model=iris&x=1,2,3,4%0A1,2,3,4", 422, "invalid_value", "x"),
    "an open quote": ("model=iris&x=%221,2,3,4", 422, "invalid_value", "x"),
    "a repeated parameter": ("model=iris&x=1,2,3,4&x=1,2,3,4", 422, "repeated_parameter", "x"),
    "a repeated feature": ("model=iris&sepal_length=5.1&sepal_length=5.2", 422, "repeated_parameter", "sepal_length"),
    "a feature by both its names": (
        "model=iris&sepal_length=5.1&feature.sepal_length=5.2",
        422,
        "repeated_parameter",
        "feature.sepal_length",
    ),
    "version 0": ("model=iris&x=1,2,3,4&version=0", 422, "invalid_value", "version"),
    "a version that is no number": ("model=iris&x=1,2,3,4&version=one", 422, "invalid_value", "version"),
    "version beside alias": ("model=iris&x=1,2,3,4&version=1&alias=a", 422, "invalid_value", "alias"),
    "an explanation": ("model=iris&x=1,2,3,4&explain=yes", 422, "invalid_value", "explain"),
    "top_k 0": ("model=iris&x=1,2,3,4&top_k=0", 422, "invalid_value", "top_k"),
    "not UTF-8": ("model=iris&x=%ff", 400, "invalid_address", None),
    "a NUL": ("model=iris&x=%00", 400, "invalid_address", None),
    "a long address": ("model=iris&x=" + "1" * 9000, 414, "address_too_long", None),
}


@pytest.mark.parametrize("case", QUERIES)
def test_a_bad_query_is_refused(refusing: Api, case: str) -> None:
    query, status, code, parameter = QUERIES[case]
    place = {} if parameter is None else {"parameter": parameter}
    problem = refused(refusing.get(f"/predict?{query}"), status, code, **place)
    if status == 414:
        assert "POST /predict" in problem["detail"]


RECORD = dict(SETOSA)
BODIES: dict[str, tuple[dict[str, Any], int, str, str | None]] = {
    "no rows at all": ({}, 422, "missing_field", "/records"),
    "both forms": ({"records": [RECORD], "rows": [[1, 2, 3, 4]]}, 422, "invalid_value", "/records"),
    "an empty list": ({"records": []}, 422, "no_rows", "/records"),
    "too many rows": ({"rows": [[1, 2, 3, 4]] * 51}, 422, "too_many_rows", "/rows"),
    "records that are no list": ({"records": RECORD}, 422, "wrong_type", "/records"),
    "a record that is no object": ({"records": [RECORD, 5]}, 422, "wrong_type", "/records/1"),
    "a row that is no list": ({"rows": [[1, 2, 3, 4], 5]}, 422, "wrong_type", "/rows/1"),
    "a short row": ({"rows": [[1, 2, 3, 4], [1, 2, 3]]}, 422, "row_length", "/rows/1"),
    "a missing feature": (
        {"records": [RECORD, {k: RECORD[k] for k in list(RECORD)[1:]}]},
        422,
        "missing_feature",
        "/records/1/sepal_length",
    ),
    "an unknown feature": ({"records": [{**RECORD, "colour": "red"}]}, 422, "unknown_feature", "/records/0/colour"),
    "a string for a number": (
        {"records": [{**RECORD, "sepal_width": "3.5"}]},
        422,
        "wrong_type",
        "/records/0/sepal_width",
    ),
    "a boolean for a number": ({"rows": [[1, 2, True, 4]]}, 422, "wrong_type", "/rows/0/2"),
    "a list for a number": ({"rows": [[1, 2, [3], 4]]}, 422, "wrong_type", "/rows/0/2"),
    "an object for a number": (
        {"records": [{**RECORD, "sepal_width": {}}]},
        422,
        "wrong_type",
        "/records/0/sepal_width",
    ),
    "a number outside float32": ({"rows": [[1, 2, 3, 4], [1, 1e39, 3, 4]]}, 422, "number_out_of_range", "/rows/1/1"),
    "an integer outside a double": ({"rows": [[1, 10**320, 3, 4]]}, 422, "number_out_of_range", "/rows/0/1"),
    "an unknown field": ({"records": [RECORD], "row": []}, 422, "unknown_field", "/row"),
    "a version that is no integer": ({"records": [RECORD], "version": "1"}, 422, "wrong_type", "/version"),
    "a boolean version": ({"records": [RECORD], "version": True}, 422, "wrong_type", "/version"),
    "version 0": ({"records": [RECORD], "version": 0}, 422, "out_of_range", "/version"),
    "an explanation": ({"records": [RECORD], "explain": 1}, 422, "wrong_type", "/explain"),
    "a model that is no string": ({"records": [RECORD], "model": 5}, 422, "wrong_type", "/model"),
    "a model that is null": ({"records": [RECORD], "model": None}, 422, "wrong_type", "/model"),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_bad_body_is_refused(refusing: Api, case: str) -> None:
    change, status, code, place = BODIES[case]
    refused(refusing.post("/predict", json={"model": "iris", **change}), status, code, pointer=place)


def test_every_missing_feature_is_named(refusing: Api) -> None:
    problem = refusing.get("/predict?model=iris&sepal_length=5.1").json
    assert [item["parameter"] for item in problem["errors"]] == ["sepal_width", "petal_length", "petal_width"]
    assert all(name in problem["detail"] for name in ("sepal_width", "petal_length", "petal_width"))


def test_at_most_20_errors_are_told(refusing: Api) -> None:
    problem = refusing.post("/predict", json={"model": "iris", "rows": [["a", "b", "c", "d"]] * 50}).json
    assert len(problem["errors"]) == 20
    csv = b"a,b\n" + b"1,inf\n" * 50
    assert len(refusing.post("/datasets?name=bad", data=csv, content_type="text/csv").json["errors"]) <= 20


def test_no_more_errors_are_made_than_are_told(refusing: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    find = difflib.get_close_matches
    monkeypatch.setattr(
        difflib, "get_close_matches", lambda name, *a, **k: compared.append(name) or find(name, *a, **k)
    )
    many = {f"f{n}": 1 for n in range(10_000)}
    few = {f"f{n}": 1 for n in range(500)}
    for body in ({**many}, {"model": "iris", "records": [many]}, {"model": "iris", "records": [few] * 20}):
        problem = refusing.post("/predict", json=body).json
        assert len(problem["errors"]) == 20
        assert len(compared) <= 20
        compared.clear()
    assert len(refusing.get("/predict", query_string={"model": "iris", **few}).json["errors"]) == 20
    assert len(compared) <= 20


def test_a_wide_models_missing_features_are_counted_rather_than_listed() -> None:
    features = tuple(Feature(f"f{n}", "number", f"f{n}") for n in range(9_998))
    version = cast(LoadedVersion, SimpleNamespace(features=features, passed_over=frozenset(), places={}))
    asked = QueryInput(Options("wide", None, None, None), {}, None)
    with pytest.raises(Problem) as caught:
        asked.columns(version)
    answer = caught.value.to_dict()
    assert len(answer["errors"]) == 20
    assert "'f19' and 9,978 more are missing" in answer["detail"]
