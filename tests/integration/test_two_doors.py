"""Both doors answer alike to the byte, headers included, but for the request's id."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import create_environ, run_wsgi_app

from service.app import fast_door
from service.plain_answers import PlainAnswers
from store.settings import Settings
from tests.integration.test_api_predictions import FEATURES, RECORD, _table
from tests.support.api import SETOSA, Api, running

EXAMPLES = int(os.environ.get("DOOR_EXAMPLES") or 700)
OPTIONS = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, _migrated_sqlite: Any, redis_server: Any) -> Iterator[Api]:
    """An API with a model of numbers, one of every type, a regression and a multilabel one."""
    import shutil

    folder = tmp_path_factory.mktemp("doors")
    shutil.copyfile(_migrated_sqlite, folder / "test.db")
    url = f"sqlite:///{folder / 'test.db'}"
    with running(Settings(data_dir=folder, database_url=url, broker_url=redis_server.url)) as api:
        api.upload_iris()
        api.trained(dataset="iris", target="species")
        api.upload(_table(), "mixed")
        api.trained(dataset="mixed", target="kind", model="kind", features=FEATURES)
        api.trained(dataset="mixed", target="value", model="value", features=["width"])
        api.trained(dataset="mixed", target=["flag", "open"], task="multilabel", model="labels", features=["colour"])
        yield api


Answer = tuple[str, list[tuple[str, str]], bytes]


def asked(app: Any, method: str, path: str, query: str, headers: dict[str, str], body: bytes | None) -> Answer:
    environ = create_environ(path, method=method, headers=headers, input_stream=BytesIO(body or b""))
    environ["QUERY_STRING"] = query
    if body is not None:
        environ["CONTENT_LENGTH"] = str(len(body))
    pieces, status, given_headers = run_wsgi_app(app, environ)
    kept = [(name, value) for name, value in given_headers if name != "X-Request-Id"]
    content = b"".join(pieces)
    if hasattr(pieces, "close"):
        pieces.close()
    assert "X-Request-Id" in given_headers
    return status, sorted(kept), content


def alike(
    api: Api, method: str, path: str, query: str = "", headers: dict[str, str] | None = None, body: bytes | None = None
) -> Answer:
    """Ask both doors; what they both answered."""
    headers = {"Host": "localhost", **(headers or {})}
    by_flask = asked(api.app.wsgi_app, method, path, query, headers, body)
    by_door = asked(fast_door(api.app), method, path, query, headers, body)
    assert by_door == by_flask
    return by_door


texts = st.one_of(
    st.floats(-1e6, 1e6).map(repr),
    st.sampled_from(
        ["5.1", "3", "-2.5e0", ".5", "7.", "1e39", "1e400", "", " 4", "nan", "0x1", "1_0", "red", "blue", "true"]
    ),
    st.sampled_from(["TRUE", "false", "grün", "a b", "NA", "é", "\x00", '"', "1,2", "٣", "+1", "1e5"]),
)
names = st.sampled_from(
    [
        *SETOSA,
        *FEATURES,
        "feature.width",
        "feature.x",
        "feature.feature.y",
        "species",
        "id",
        "explain",
        "top_k",
        "nothing",
    ]
)
models = st.sampled_from(["iris", "iris", "kind", "value", "labels", "none", "", "a b", "é"])
hosts = st.sampled_from(
    [{}, {}, {}, {"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"If-None-Match": "*"}]
)


def iris_query(values: list[str]) -> str:
    return "&".join(["model=iris", *(f"{name}={quote(value)}" for name, value in zip(SETOSA, values, strict=True))])


@OPTIONS
@given(
    values=st.lists(texts, min_size=4, max_size=4),
    extra=st.sampled_from(
        [
            "",
            "&version=1",
            "&version=01",
            "&version=9",
            "&alias=champion",
            "&top_k=2",
            "&explain=true",
            "&",
            "&=",
            "&species=x",
            "&version=1&alias=a",
        ]
    ),
)
def test_addresses_with_the_features_of_the_model(api: Api, values: list[str], extra: str) -> None:
    alike(api, "GET", "/predict", iris_query(values) + extra)


@OPTIONS
@given(
    model=models,
    given_features=st.lists(st.tuples(names, texts), max_size=7),
    headers=hosts,
    coded=st.booleans(),
)
def test_any_addresses(
    api: Api, model: str, given_features: list[tuple[str, str]], headers: dict[str, str], coded: bool
) -> None:
    written = quote if coded else (lambda text, **_: text.encode("utf-8").decode("latin-1"))
    query = "&".join([f"model={written(model)}", *(f"{written(n)}={written(v)}" for n, v in given_features)])
    alike(api, "GET", "/predict", query, headers)


@OPTIONS
@given(record=st.lists(texts, min_size=3, max_size=6), model=models)
def test_records_in_an_address(api: Api, record: list[str], model: str) -> None:
    alike(api, "GET", "/predict", f"model={quote(model)}&x={quote(','.join(record))}")


@OPTIONS
@given(
    values=st.fixed_dictionaries(
        {
            "width": st.floats(-9, 9),
            "x": st.integers(-3, 9),
            "feature.y": st.floats(-9, 9),
            "flag": st.sampled_from(["true", "false", "True", ""]),
            "colour": st.sampled_from(["red", "blue", "pink", "", "NA"]),
            "größe &": st.floats(-9, 9),
        }
    )
)
def test_addresses_of_every_type(api: Api, values: dict[str, Any]) -> None:
    named = {("feature." + name if name in ("x", "feature.y") else name): value for name, value in values.items()}
    alike(api, "GET", "/predict", "model=kind&" + "&".join(f"{quote(n)}={quote(str(v))}" for n, v in named.items()))


cells = st.one_of(
    st.floats(allow_nan=True, width=32),
    st.integers(-(10**20), 10**20),
    st.sampled_from([None, True, "red", "", [], {}, 1e39, 10**400, -0.0]),
)


@OPTIONS
@given(
    rows=st.lists(st.lists(st.one_of(st.floats(-9, 9), cells), min_size=3, max_size=5), max_size=3),
    options=st.sampled_from(
        [
            {},
            {},
            {"version": 1},
            {"version": 0},
            {"version": 1.0},
            {"alias": "a"},
            {"top_k": 1},
            {"explain": False},
            {"more": 1},
        ]
    ),
    model=st.sampled_from(["iris", "iris", "iris", "value", "kind", "none", None, 3]),
)
def test_rows_in_a_body(api: Api, rows: list[Any], options: dict[str, Any], model: Any) -> None:
    body = json.dumps({"model": model, "rows": rows, **options}).encode()
    alike(api, "POST", "/predict", headers={"Content-Type": "application/json"}, body=body)


@OPTIONS
@given(
    records=st.lists(
        st.one_of(
            st.fixed_dictionaries({name: st.floats(-9, 9) for name in SETOSA}),
            st.dictionaries(names, cells, max_size=5),
        ),
        max_size=3,
    )
)
def test_records_in_a_body(api: Api, records: list[Any]) -> None:
    body = json.dumps({"model": "iris", "records": records}).encode()
    alike(api, "POST", "/predict", headers={"Content-Type": "application/json"}, body=body)


ROW = b'{"model":"iris","rows":[[5.1,3.5,1.4,0.2]]}'


@pytest.mark.parametrize(
    "body",
    [
        ROW,
        b"\xef\xbb\xbf" + ROW,
        ROW + b" \n",
        ROW + b"x",
        ROW[:-1],
        b"",
        b"[]",
        b"[" * 100_000,
        b'{"model":"iris","model":"iris","rows":[[5.1,3.5,1.4,0.2]]}',
        b'{"model":"iris","rows":[[1,1,1,1]],"rows":[[5.1,3.5,1.4,0.2]]}',
        b'{"model":"iris","records":[{"sepal_length":1,"sepal_length":2,"sepal_width":1,"petal_length":1,"petal_width":1}]}',
        b'{"model":"iris","rows":[[5.1,3.5,1.4,NaN]]}',
        b'{"model":"iris","rows":[[5.1,3.5,1.4,1e999]]}',
        b'{"model":"iris","rows":[[5.1,3.5,1.4,0.' + b"1" * 401 + b"]]}",
        b'{"model":"iris","rows":[[5.1,3.5,1.4,' + b"1" * 30 + b"]]}",
        b'{"model":"iris","rows":[[5.1,3.5,1.4,12345678901234567890]]}',
        b'{"model":"iris","rows":[[5.1,3.5,1.4,9007199254740993]]}',
        b'{"model":"iris","rows":[[5.1,3.5,1.4,-0]]}',
        b'{"model":"iris","rows":[[05.1,3.5,1.4,0.2]]}',
        b'{"model":"iris","rows":[[+5.1,3.5,1.4,0.2]]}',
        b'{"model":"iris","rows":[[5.,3.5,1.4,0.2]]}',
        b'{"model":"iris\\ud800","rows":[[5.1,3.5,1.4,0.2]]}',
        b'{"model":"iris\xff","rows":[[5.1,3.5,1.4,0.2]]}',
        b'{"model":"iris\\u0000","rows":[[5.1,3.5,1.4,0.2]]}',
        b'{"\\u006dodel":"iris","rows":[[5.1,3.5,1.4,0.2]]}',
        b'{"model":"iris","rows":[[5.1,3.5,1.4,0.2]],"alias":null}',
    ],
)
def test_bodies_at_the_edge_of_json(api: Api, body: bytes) -> None:
    for content_type in (
        "application/json",
        "application/json; charset=utf-8",
        "application/json; charset=latin-1",
        "text/plain",
        "",
    ):
        alike(api, "POST", "/predict", headers={"Content-Type": content_type}, body=body)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
@pytest.mark.parametrize(
    "path",
    [
        "/predict",
        "/predict/",
        "//predict",
        "/Predict",
        "/v2/models/iris/infer",
        "/v2/models/iris/versions/1/infer",
        "/v2/models/none/infer",
        "/v2/models//infer",
    ],
)
def test_methods_and_paths(api: Api, method: str, path: str) -> None:
    body = b'{"inputs":[{"name":"input","shape":[1,4],"datatype":"FP32","data":[5.1,3.5,1.4,0.2]}]}'
    for query, host in itertools.product(("", "a=1"), ("localhost", "evil.example", "127.0.0.1:80", "a:b")):
        alike(api, method, path, query, {"Host": host}, None if method in ("GET", "HEAD") else body)


def test_what_both_must_count_and_refuse(api: Api) -> None:
    json_type = {"Content-Type": "application/json"}
    alike(api, "POST", "/predict", headers={**json_type, "Content-Encoding": "gzip"}, body=ROW)
    alike(api, "GET", "/predict", "model=iris&x=" + "1" * 9000)
    for length in ("-1", "99", "1e3", "٣", str(10**12)):
        environ_headers = {**json_type, "Host": "localhost"}
        answers = []
        for app in (api.app.wsgi_app, fast_door(api.app)):
            environ = create_environ("/predict", method="POST", headers=environ_headers, input_stream=BytesIO(ROW))
            environ["CONTENT_LENGTH"] = length
            pieces, status, headers = run_wsgi_app(app, environ)
            answers.append((status, b"".join(pieces), sorted((n, v) for n, v in headers if n != "X-Request-Id")))
        assert answers[0] == answers[1], length


def test_plain_requests_do_not_reach_flask(api: Api) -> None:
    """Else the comparison would compare Flask with itself."""
    query = iris_query(["5.1", "3.5", "1.4", "0.2"])

    def no_flask(_environ: Any, _start: Any) -> Any:
        raise AssertionError("it went to Flask")

    door = fast_door(api.app)
    door._app = no_flask
    host = {"Host": "localhost"}
    status, headers, _ = asked(door, "GET", "/predict", query, host, None)
    assert status == "200 OK"
    tag = dict(headers)["ETag"]
    assert asked(door, "GET", "/predict", query, {**host, "If-None-Match": tag}, None)[0] == "304 NOT MODIFIED"
    assert asked(door, "GET", "/predict", "model=iris&version=1&x=5.1,3.5,1.4,0.2", host, None)[0] == "200 OK"
    assert (
        asked(
            door,
            "GET",
            "/predict",
            "model=kind&" + "&".join(f"feature.{quote(n)}={quote(str(v).lower())}" for n, v in RECORD.items()),
            host,
            None,
        )[0]
        == "200 OK"
    )
    for body in (ROW, json.dumps({"model": "iris", "records": [SETOSA, SETOSA]}).encode()):
        assert asked(door, "POST", "/predict", "", {**host, "Content-Type": "application/json"}, body)[0] == "200 OK"
    infer = b'{"inputs":[{"name":"input","shape":[1,4],"datatype":"FP32","data":[5.1,3.5,1.4,0.2]}]}'
    assert asked(door, "POST", "/v2/models/iris/infer", "", host, infer)[0] == "200 OK"


def test_a_fault_in_the_door_is_answered_by_flask(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("a fault of the plain way")

    monkeypatch.setattr(PlainAnswers, "of_address", fail)
    assert alike(api, "GET", "/predict", iris_query(["5.1", "3.5", "1.4", "0.2"]))[0] == "200 OK"


def test_both_doors_are_counted(api: Api) -> None:
    def counted() -> dict[str, float]:
        lines = api.parts.metrics.text().decode().splitlines()
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if line.startswith("mlp_")}

    before = counted()
    alike(api, "GET", "/predict", iris_query(["5.1", "3.5", "1.4", "0.2"]))
    infer = b'{"inputs":[{"name":"input","shape":[1,4],"datatype":"FP32","data":[5.1,3.5,1.4,0.2]}]}'
    alike(api, "POST", "/v2/models/iris/infer", body=infer)
    after = counted()
    for route, method in (("/predict", "GET"), ("/v2/models/<model>/infer", "POST")):
        name = f'mlp_requests_total{{method="{method}",route="{route}",status="200"}}'
        assert after[name] - before.get(name, 0) == 2
    name = 'mlp_predictions_total{model="iris"}'
    assert after[name] - before.get(name, 0) == 4
