"""Every bad input of the contract: a problem with its code and place, and nothing left behind."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest

from store.settings import Settings
from tests.support.api import IRIS, SETOSA, Api, running

DEEP = 100_000
IRIS_BODY: dict[str, Any] = {"dataset": "iris", "target": "species"}


@pytest.fixture(scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return tmp_path_factory.mktemp("bad_input")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def api(request: pytest.FixtureRequest, _folder: Any) -> Iterator[Api]:
    """One API for all of these, with iris and a model of it: what is refused leaves nothing behind."""
    if request.param == "sqlite":
        path = _folder / "bad.db"
        shutil.copyfile(request.getfixturevalue("_migrated_sqlite"), path)
        url = f"sqlite:///{path}"
    else:
        server = request.getfixturevalue("postgres_server")
        url = server.create_database("bad_input", request.getfixturevalue("_migrated_postgresql"))
    settings = Settings(
        data_dir=_folder / request.param,
        database_url=url,
        broker_url=request.getfixturevalue("redis_server").url,
        max_body_bytes=200_000,
        max_json_bytes=250_000,
        max_predict_rows=50,
        max_classes=20,
    )
    with running(settings) as api:
        api.upload_iris()
        api.trained(**IRIS_BODY)
        api.upload("size,kind\n" + "".join(f"{n % 7},same\n" for n in range(30)), "one_class")
        api.upload("size,kind\n1,a\n2,b\n3,a\n", "small")
        api.upload("a,b\n" + "".join(f"{n * 1.5},{n}\n" for n in range(30)), "numbers")
        yield api


def refused(api: Api, answer: Any, status: int, code: str, **place: Any) -> dict[str, Any]:
    """Check a refusal's form, code and place."""
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


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(api: Api) -> Iterator[None]:
    before = api.traces()
    yield
    assert api.traces() == before


TABLES: dict[str, tuple[bytes, int, str, dict[str, Any]]] = {
    "empty file": (b"", 400, "empty_file", {}),
    "header only": (b"a,b\n", 422, "header_only", {}),
    "ragged row": (b"a,b\n1,2\n1,2,3\n", 422, "ragged_row", {"row": 2}),
    "duplicate columns": (b"a,a\n1,2\n", 422, "duplicate_column", {"column": "a"}),
    "infinite number": (b"a,b\n1,2\n2,inf\n", 422, "infinite_number", {"row": 2, "column": "b"}),
    "number outside float32": (b"a,b\n1,2\n2,1e39\n", 422, "number_out_of_range", {"row": 2, "column": "b"}),
    "not UTF-8": (b"a,b\n1,\xff\n", 400, "not_utf8", {}),
    "NUL byte": (b"a,b\n1,\x00\n", 400, "nul_byte", {}),
    "over the limit": (b"a,b\n" + b"1,2\n" * 60_000, 413, "body_too_large", {}),
}


@pytest.mark.parametrize("case", TABLES)
def test_a_bad_table_is_refused(api: Api, case: str) -> None:
    data, status, code, place = TABLES[case]
    refused(api, api.post("/datasets?name=bad", data=data, content_type="text/csv"), status, code, **place)
    form = {"name": "bad", "file": (BytesIO(data), "bad.csv")}
    refused(api, api.post("/datasets", data=form), status, code, **place)


def test_a_body_of_unknown_length_is_cut_off_at_the_limit(api: Api) -> None:
    environment = {"wsgi.input": BytesIO(b"a,b\n" + b"1,2\n" * 60_000), "wsgi.input_terminated": True}
    answer = api.post("/datasets?name=bad", content_type="text/csv", environ_overrides=environment)
    refused(api, answer, 413, "body_too_large")


def test_text_in_a_column_given_as_numeric_names_row_and_column(api: Api) -> None:
    form = {"name": "bad", "file": (BytesIO(b"a,b\n1,2\nx,3\n"), "t.csv"), "schema": '{"a": "number"}'}
    refused(api, api.post("/datasets", data=form), 422, "not_a_number", row=2, column="a")
    columns = [{"name": "a", "type": "number"}, "b"]
    body = {"name": "bad", "columns": columns, "rows": [[1, 2], ["x", 3]]}
    refused(api, api.post("/datasets", json=body), 422, "not_a_number", row=2, column="a")


UPLOADS: dict[str, tuple[dict[str, Any], int, str, dict[str, Any]]] = {
    "no name": (
        {"path": "", "data": b"a\n1\n", "content_type": "text/csv"},
        422,
        "missing_parameter",
        {"parameter": "name"},
    ),
    "bad name": (
        {"path": "?name=a/b", "data": b"a\n1\n", "content_type": "text/csv"},
        422,
        "invalid_name",
        {"parameter": "name"},
    ),
    "name like an id": (
        {"path": "?name=job_01K00000000000000000000000", "data": b"a\n1\n", "content_type": "text/csv"},
        422,
        "invalid_name",
        {"parameter": "name"},
    ),
    "wrong content type": (
        {"path": "?name=bad", "data": b"a\n1\n", "content_type": "application/x-www-form-urlencoded"},
        415,
        "unsupported_media_type",
        {"parameter": "Content-Type"},
    ),
    "another charset": (
        {"path": "?name=bad", "data": b"a\n1\n", "content_type": "text/csv; charset=latin-1"},
        415,
        "unsupported_media_type",
        {"parameter": "Content-Type"},
    ),
    "no content type": (
        {"path": "?name=bad", "data": b"a\n1\n"},
        415,
        "unsupported_media_type",
        {"parameter": "Content-Type"},
    ),
    "no file in the form": (
        {"path": "", "data": {"name": "bad"}, "content_type": "multipart/form-data"},
        422,
        "missing_field",
        {"parameter": "file"},
    ),
    "no boundary": ({"path": "", "data": b"xyz", "content_type": "multipart/form-data"}, 422, "missing_field", {}),
    "JSON without rows": (
        {"path": "", "json": {"name": "bad", "columns": ["a"]}},
        422,
        "missing_field",
        {"pointer": "/rows"},
    ),
    "JSON of both forms": (
        {"path": "", "json": {"name": "bad", "columns": ["a"], "records": [{"a": 1}]}},
        422,
        "invalid_value",
        {"pointer": "/columns"},
    ),
    "JSON row that is no list": (
        {"path": "", "json": {"name": "bad", "columns": ["a"], "rows": [[1], 2]}},
        422,
        "wrong_type",
        {"pointer": "/rows/1"},
    ),
    "JSON with a nested cell": (
        {"path": "", "json": {"name": "bad", "columns": ["a"], "rows": [[1], [[2]]]}},
        422,
        "nested_value",
        {"row": 2, "column": "a"},
    ),
    "JSON with an unknown field": (
        {"path": "", "json": {"name": "bad", "colums": ["a"], "rows": [[1]]}},
        422,
        "unknown_field",
        {"pointer": "/colums"},
    ),
    "JSON records with another key": (
        {"path": "", "json": {"name": "bad", "records": [{"a": 1}, {"A": 1}]}},
        422,
        "missing_field",
        {"row": 2, "column": "a"},
    ),
    "an unknown parameter": (
        {"path": "?name=bad&nmae=x", "data": b"a\n1\n", "content_type": "text/csv"},
        422,
        "unknown_parameter",
        {"parameter": "nmae"},
    ),
    "a repeated parameter": (
        {"path": "?name=bad&name=x", "data": b"a\n1\n", "content_type": "text/csv"},
        422,
        "repeated_parameter",
        {"parameter": "name"},
    ),
}


@pytest.mark.parametrize("case", UPLOADS)
def test_a_bad_upload_is_refused(api: Api, case: str) -> None:
    request, status, code, place = UPLOADS[case]
    options = dict(request)
    refused(api, api.post("/datasets" + options.pop("path"), **options), status, code, **place)


JSON: dict[str, tuple[bytes, int, str, dict[str, Any]]] = {
    "not JSON": (b"{", 400, "invalid_json", {}),
    "nothing": (b"", 400, "invalid_json", {}),
    "not an object": (b"[]", 422, "wrong_type", {}),
    "a string of JSON": (json.dumps(json.dumps(IRIS_BODY)).encode(), 422, "wrong_type", {}),
    "100,000 lists deep": (b'{"dataset":' + b"[" * DEEP + b"]" * DEEP + b"}", 400, "json_too_deep", {}),
    "100,000 brackets without end": (b"[" * DEEP, 400, "json_too_deep", {}),
    "20,000 objects deep": (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, 400, "json_too_deep", {}),
    "a 5,000-digit integer": (
        b'{"dataset":"iris","target":"species","epochs":' + b"9" * 5_000 + b"}",
        400,
        "number_too_long",
        {},
    ),
    "a 300-digit integer": (
        b'{"dataset":"iris","target":"species","epochs":' + b"9" * 300 + b"}",
        422,
        "invalid_configuration",
        {"pointer": "/epochs"},
    ),
    "duplicate keys": (
        b'{"dataset":"iris","network":{"hidden":[1],"hidden":[2]}}',
        400,
        "duplicate_key",
        {"pointer": "/network/hidden"},
    ),
    "a lone surrogate": (b'{"dataset":"iris","target":"\\ud800"}', 400, "lone_surrogate", {"pointer": "/target"}),
    "a lone surrogate in a key": (b'{"dataset":"iris","\\udc00":1}', 400, "lone_surrogate", {}),
    "not UTF-8": (b'{"dataset":"\xff"}', 400, "not_utf8", {}),
    "NaN": (
        b'{"dataset":"iris","target":"species","optimizer":{"learning_rate":NaN}}',
        400,
        "not_finite",
        {"pointer": "/optimizer/learning_rate"},
    ),
    "infinity by its exponent": (
        b'{"dataset":"iris","target":"species","l2":1e999}',
        422,
        "number_out_of_range",
        {"pointer": "/l2"},
    ),
}


@pytest.mark.parametrize("case", JSON)
@pytest.mark.parametrize("path", ["/train", "/datasets", "/predict"])
def test_bad_json_is_refused(api: Api, path: str, case: str) -> None:
    data, status, code, place = JSON[case]
    answer = api.post(path, data=data, content_type="application/json")
    if path == "/train" or status in (400, 413) or case in ("not an object", "a string of JSON"):
        refused(api, answer, status, code, **place)
    else:
        assert answer.status_code == 422


TRAININGS: dict[str, tuple[dict[str, Any], int, str, str]] = {
    "unknown dataset": ({"dataset": "irsi"}, 404, "dataset_not_found", "/dataset"),
    "dataset by a name that cannot be": ({"dataset": "a\u0000b"}, 404, "dataset_not_found", "/dataset"),
    "unknown dataset version": ({"dataset": "iris@9"}, 404, "dataset_not_found", "/dataset"),
    "unknown target": ({"target": "specis"}, 404, "target_not_found", "/target"),
    "unknown target in a list": (
        {"target": ["sepal_length", "x"], "task": "regression"},
        404,
        "target_not_found",
        "/target/1",
    ),
    "unknown feature": ({"features": ["sepal_length", "x"]}, 404, "column_not_found", "/features/1"),
    "the target as a feature": ({"features": ["species"]}, 422, "invalid_value", "/features/0"),
    "a feature twice": ({"features": ["sepal_length", "sepal_length"]}, 422, "invalid_value", "/features/1"),
    "no features": ({"features": []}, 422, "out_of_range", "/features"),
    "no targets": ({"target": [], "task": "regression"}, 422, "out_of_range", "/target"),
    "a list of targets without a task": ({"target": ["sepal_length", "sepal_width"]}, 422, "missing_field", "/task"),
    "one class": ({"dataset": "one_class", "target": "kind"}, 422, "one_class", "/target"),
    "fewer than 10 rows": ({"dataset": "small", "target": "kind"}, 422, "not_enough_rows", "/target"),
    "too many classes": (
        {"dataset": "numbers", "target": "b", "task": "classification"},
        422,
        "too_many_classes",
        "/target",
    ),
    "regression of a category": ({"task": "regression"}, 422, "task_mismatch", "/target"),
    "multilabel of other numbers": (
        {"dataset": "numbers", "target": ["a"], "task": "multilabel"},
        422,
        "task_mismatch",
        "/target",
    ),
    "unknown task": ({"task": "clasification"}, 422, "invalid_value", "/task"),
    "bad model name": ({"model": "a b"}, 422, "invalid_name", "/model"),
    "unknown field": ({"optimiser": {}}, 422, "unknown_field", "/optimiser"),
    "unknown field within": ({"network": {"hiden": [3]}}, 422, "unknown_field", "/network/hiden"),
    "hidden size 0": ({"network": {"hidden": [0]}}, 422, "invalid_configuration", "/network/hidden/0"),
    "hidden size −1": ({"network": {"hidden": [8, -1]}}, 422, "invalid_configuration", "/network/hidden/1"),
    "hidden size 10⁹": ({"network": {"hidden": [10**9]}}, 422, "invalid_configuration", "/network/hidden/0"),
    "10,000 layers": ({"network": {"hidden": [1] * 10_000}}, 422, "invalid_configuration", "/network/hidden"),
    "a huge network": ({"network": {"hidden": [65_536, 65_536]}}, 422, "invalid_configuration", "/network/hidden"),
    "learning rate 0": ({"optimizer": {"learning_rate": 0}}, 422, "invalid_configuration", "/optimizer/learning_rate"),
    "learning rate −1": (
        {"optimizer": {"learning_rate": -1}},
        422,
        "invalid_configuration",
        "/optimizer/learning_rate",
    ),
    "momentum with adam": ({"optimizer": {"momentum": 0.9}}, 422, "invalid_configuration", "/optimizer/momentum"),
    "unknown activation": ({"network": {"activation": "rleu"}}, 422, "invalid_configuration", "/network/activation"),
    "a loss that does not fit": ({"loss": "binary_cross_entropy"}, 422, "invalid_configuration", "/loss"),
    "a boolean for a number": ({"epochs": True}, 422, "wrong_type", "/epochs"),
    "a boolean for a fraction": ({"l2": False}, 422, "wrong_type", "/l2"),
    "a string for a number": ({"epochs": "3"}, 422, "wrong_type", "/epochs"),
    "a string for a learning rate": (
        {"optimizer": {"learning_rate": "0.1"}},
        422,
        "wrong_type",
        "/optimizer/learning_rate",
    ),
    "a fraction for an integer": ({"batch_size": 1.5}, 422, "wrong_type", "/batch_size"),
    "a number for a string": ({"target": 5}, 422, "wrong_type", "/target"),
    "a number among targets": ({"target": ["sepal_length", 5], "task": "regression"}, 422, "wrong_type", "/target/1"),
    "null for a number": ({"epochs": None}, 422, "wrong_type", "/epochs"),
    "a list for an object": ({"network": [128]}, 422, "wrong_type", "/network"),
    "a fraction over 1": ({"test_fraction": 1.5}, 422, "invalid_configuration", "/test_fraction"),
}


@pytest.mark.parametrize("case", TRAININGS)
def test_a_bad_training_is_refused(api: Api, case: str) -> None:
    change, status, code, place = TRAININGS[case]
    refused(api, api.post("/train", json={**IRIS_BODY, **change}), status, code, pointer=place)


@pytest.mark.parametrize("missing", ["dataset", "target"])
def test_a_training_without_a_required_field_is_refused(api: Api, missing: str) -> None:
    body = {name: value for name, value in IRIS_BODY.items() if name != missing}
    refused(api, api.post("/train", json=body), 422, "missing_field", pointer=f"/{missing}")


def test_a_misspelt_name_is_met_with_the_nearest(api: Api) -> None:
    for change, nearest in (({"dataset": "irsi"}, "iris"), ({"target": "specis"}, "species"), ({"epoch": 3}, "epochs")):
        problem = api.post("/train", json={**IRIS_BODY, **change}).json
        assert f"Did you mean {nearest!r}?" in problem["errors"][0]["detail"]
    feature = api.get("/predict", query_string={"model": "iris", **SETOSA, "sepal_lenght": 1}).json
    assert "Did you mean 'sepal_length'?" in feature["errors"][0]["detail"]


PREDICTIONS: dict[str, tuple[dict[str, Any], int, str]] = {
    "unknown model": ({"model": "irsi"}, 404, "model_not_found"),
    "model by a name that cannot be": ({"model": "a\u0000b"}, 404, "model_not_found"),
    "unknown version": ({"version": 99}, 404, "version_not_found"),
    "a version beyond any": ({"version": 2**31 - 1}, 404, "version_not_found"),
    "unknown alias": ({"alias": "best"}, 404, "alias_not_found"),
}


@pytest.mark.parametrize("case", PREDICTIONS)
def test_what_does_not_exist_is_404_at_both_verbs(api: Api, case: str) -> None:
    change, status, code = PREDICTIONS[case]
    name = next(iter(change))
    if "\u0000" not in str(change[name]):
        refused(
            api, api.get("/predict", query_string={"model": "iris", **SETOSA, **change}), status, code, parameter=name
        )
    refused(
        api,
        api.post("/predict", json={"model": "iris", "records": [SETOSA], **change}),
        status,
        code,
        pointer=f"/{name}",
    )


QUERIES: dict[str, tuple[str, int, str, str | None]] = {
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
    "an explanation": ("model=iris&x=1,2,3,4&explain=true", 422, "not_available", "explain"),
    "top_k 0": ("model=iris&x=1,2,3,4&top_k=0", 422, "invalid_value", "top_k"),
    "not UTF-8": ("model=iris&x=%ff", 400, "invalid_address", None),
    "a NUL": ("model=iris&x=%00", 400, "invalid_address", None),
    "a long address": ("model=iris&x=" + "1" * 9000, 414, "address_too_long", None),
}


@pytest.mark.parametrize("case", QUERIES)
def test_a_bad_query_is_refused(api: Api, case: str) -> None:
    query, status, code, parameter = QUERIES[case]
    place = {} if parameter is None else {"parameter": parameter}
    problem = refused(api, api.get(f"/predict?{query}"), status, code, **place)
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
    "an explanation": ({"records": [RECORD], "explain": True}, 422, "not_available", "/explain"),
    "a model that is no string": ({"records": [RECORD], "model": 5}, 422, "wrong_type", "/model"),
    "a model that is null": ({"records": [RECORD], "model": None}, 422, "wrong_type", "/model"),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_bad_body_is_refused(api: Api, case: str) -> None:
    change, status, code, place = BODIES[case]
    refused(api, api.post("/predict", json={"model": "iris", **change}), status, code, pointer=place)


def test_every_missing_feature_is_named(api: Api) -> None:
    problem = api.get("/predict?model=iris&sepal_length=5.1").json
    assert [item["parameter"] for item in problem["errors"]] == ["sepal_width", "petal_length", "petal_width"]
    assert all(name in problem["detail"] for name in ("sepal_width", "petal_length", "petal_width"))


def test_at_most_20_errors_are_told(api: Api) -> None:
    problem = api.post("/predict", json={"model": "iris", "rows": [["a", "b", "c", "d"]] * 50}).json
    assert len(problem["errors"]) == 20
    csv = b"a,b\n" + b"1,inf\n" * 50
    assert len(api.post("/datasets?name=bad", data=csv, content_type="text/csv").json["errors"]) <= 20


OTHERS: dict[str, tuple[str, str, int, str]] = {
    "unknown path": ("GET", "/nothing", 404, "path_not_found"),
    "unknown path below": ("GET", "/jobs/a/b/c", 404, "path_not_found"),
    "wrong method": ("PUT", "/train", 405, "method_not_allowed"),
    "wrong method of an odd kind": ("BREW", "/train", 405, "method_not_allowed"),
    "unknown dataset": ("GET", "/datasets/none", 404, "dataset_not_found"),
    "unknown dataset's rows": ("GET", "/datasets/none/rows", 404, "dataset_not_found"),
    "unknown dataset's file": ("GET", "/datasets/none/download", 404, "dataset_not_found"),
    "delete an unknown dataset": ("DELETE", "/datasets/none", 404, "dataset_not_found"),
    "unknown form of a file": ("GET", "/datasets/iris/download?format=xls", 422, "invalid_value"),
    "unknown job": ("GET", "/jobs/job_01K00000000000000000000000", 404, "job_not_found"),
    "unknown job's history": ("GET", "/jobs/none/history", 404, "job_not_found"),
    "unknown job's events": ("GET", "/jobs/none/events", 404, "job_not_found"),
    "cancel an unknown job": ("POST", "/jobs/none/cancel", 404, "job_not_found"),
    "retry an unknown job": ("POST", "/jobs/none/retry", 404, "job_not_found"),
    "delete an unknown job": ("DELETE", "/jobs/none", 404, "job_not_found"),
    "a NUL in a path": ("GET", "/jobs/a%00b", 400, "invalid_address"),
    "markup in a path": ("GET", "/models/<script>", 404, "model_not_found"),
    "unknown model": ("GET", "/models/none", 404, "model_not_found"),
    "unknown model's versions": ("GET", "/models/none/versions", 404, "model_not_found"),
    "unknown version": ("GET", "/models/iris/versions/99", 404, "version_not_found"),
    "a version beyond any": ("GET", "/models/iris/versions/99999999999999999999", 404, "version_not_found"),
    "a version that is no number": ("GET", "/models/iris/versions/one", 422, "invalid_value"),
    "limit 0": ("GET", "/jobs?limit=0", 422, "invalid_value"),
    "limit 501": ("GET", "/datasets?limit=501", 422, "invalid_value"),
    "a limit that is no number": ("GET", "/models?limit=ten", 422, "invalid_value"),
    "an unknown parameter": ("GET", "/jobs?stat=queued", 422, "unknown_parameter"),
    "an unknown status": ("GET", "/jobs?status=done", 422, "invalid_value"),
    "a repeated parameter": ("GET", "/jobs?limit=1&limit=2", 422, "repeated_parameter"),
    "a made-up cursor": ("GET", "/jobs?cursor=abc", 422, "invalid_cursor"),
    "another list's cursor": ("GET", "/jobs?cursor=WzEsMl0", 422, "invalid_cursor"),
    "a cursor of another alphabet": ("GET", "/jobs?cursor=%C3%A9", 422, "invalid_cursor"),
    "a huge number": ("GET", "/jobs/none/history?after_epoch=99999999999999999999", 422, "invalid_value"),
}


@pytest.mark.parametrize("case", OTHERS)
def test_other_bad_requests_are_refused(api: Api, case: str) -> None:
    method, path, status, code = OTHERS[case]
    refused(api, api.client.open(path, method=method), status, code)


@pytest.mark.parametrize("path", ["/train", "/predict"])
@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", None])
def test_json_routes_demand_json(api: Api, path: str, content_type: str | None) -> None:
    answer = api.post(path, data=json.dumps(IRIS_BODY), content_type=content_type)
    refused(api, answer, 415, "unsupported_media_type", parameter="Content-Type")


def test_a_json_body_over_the_limit_is_refused(api: Api) -> None:
    body = json.dumps({"model": "iris", "rows": [[1, 2, 3, 4]] * 20_000})
    for path in ("/train", "/predict", "/datasets"):
        refused(api, api.post(path, data=body, content_type="application/json"), 413, "body_too_large")


def test_a_bad_idempotency_key_is_refused(api: Api) -> None:
    for key in ("", "x" * 256, "é"):
        answer = api.post("/train", json=IRIS_BODY, headers={"Idempotency-Key": key})
        refused(api, answer, 422, "invalid_value", parameter="Idempotency-Key")


def test_what_goes_wrong_here_leaves_with_an_incident_and_nothing_else(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr(type(api.parts.predictor), "answer_address", fail)
    answer = api.get("/predict?model=iris&x=1,2,3,4", headers={"X-Request-Id": "mine-7"})
    problem = refused(api, answer, 500, "internal_error")
    assert "secret" not in answer.text
    assert "mine-7" in problem["detail"]
    assert "secret of the house" in caplog.text


def test_the_table_that_all_others_are_tested_beside_is_there(api: Api) -> None:
    assert api.get("/datasets/iris").json["sha256"]
    assert api.post("/datasets?name=iris", data=IRIS.read_bytes(), content_type="text/csv").status_code == 200
