"""What a prediction takes and gives, by the contract's rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

from store.settings import Settings
from tests.support.api import SETOSA, Api, running

ROWS = 60


def _table() -> str:
    """Numbers, an integer, a boolean, a category with gaps, awkward names, an id, and targets of every type."""
    random = np.random.default_rng(3)
    lines = ["id,width,x,feature.y,flag,colour,größe &,kind,grade,open,value,red,green"]
    for row in range(ROWS):
        width = random.normal()
        colour = ["red", "blue", ""][row % 3]
        share = round(float(random.uniform()), 3)
        cells = [
            row,
            f"{width:.4f}",
            row % 5,
            f"{random.normal():.4f}",
            ["true", "false"][row % 2],
            colour,
            f"{random.normal():.4f}",
            "big" if width > 0 else "small, quite",
            row % 3 + 1,
            ["true", "false"][width > 0.5],
            f"{100 * width + 1000:.3f}",
            share,
            round(1 - share, 3),
        ]
        quoted = [f'"{cell}"' if "," in str(cell) else str(cell) for cell in cells]
        lines.append(",".join(quoted))
    return "\n".join(lines) + "\n"


FEATURES = ["width", "x", "feature.y", "flag", "colour", "größe &"]
RECORD: dict[str, Any] = {"width": 0.5, "x": 2, "feature.y": -1.0, "flag": True, "colour": "red", "größe &": 0.1}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, _migrated_sqlite: Any, redis_server: Any) -> Iterator[Api]:
    """An API with a model of each task; nothing here changes any."""
    import shutil

    folder = tmp_path_factory.mktemp("predictions")
    shutil.copyfile(_migrated_sqlite, folder / "test.db")
    settings = Settings(data_dir=folder, database_url=f"sqlite:///{folder / 'test.db'}", broker_url=redis_server.url)
    with running(settings) as api:
        api.upload(_table(), "mixed")
        for target in ("kind", "grade", "open", "value"):
            api.trained(dataset="mixed", target=target, model=target, features=FEATURES)
        api.trained(
            dataset="mixed", target=["value", "width"], task="regression", model="several", features=["x", "colour"]
        )
        api.trained(
            dataset="mixed", target=["flag", "open"], task="multilabel", model="labels", features=["width", "colour"]
        )
        api.trained(
            dataset="mixed", target=["red", "green"], task="distribution", model="shares", features=["width", "x"]
        )
        yield api


def one(api: Api, model: str, record: dict[str, Any], **options: Any) -> dict[str, Any]:
    """The only prediction of a record."""
    answer = api.post("/predict", json={"model": model, "records": [record], **options})
    assert answer.status_code == 200, answer.text
    (prediction,) = answer.json["predictions"]
    return dict(prediction)


def test_labels_come_in_the_targets_own_type(api: Api) -> None:
    text, number, truth = (one(api, model, RECORD) for model in ("kind", "grade", "open"))
    assert set(text["probabilities"]) == {"big", "small, quite"}
    assert set(number["probabilities"]) == {"1", "2", "3"}
    assert set(truth["probabilities"]) == {"true", "false"}
    assert isinstance(text["label"], str)
    assert type(number["label"]) is int
    assert type(truth["label"]) is bool
    for prediction, key in (
        (text, text["label"]),
        (number, str(number["label"])),
        (truth, str(truth["label"]).lower()),
    ):
        shares = prediction["probabilities"]
        assert max(shares, key=shares.get) == key
        assert sum(shares.values()) == pytest.approx(1, abs=1e-9)


def test_a_regression_answers_in_the_targets_own_units(api: Api) -> None:
    prediction = one(api, "value", RECORD)
    assert set(prediction) == {"value"}
    assert 500 < prediction["value"] < 1500


def test_several_targets_multilabel_and_distribution_have_their_own_shapes(api: Api) -> None:
    assert set(one(api, "several", {"x": 1, "colour": "red"})["values"]) == {"value", "width"}
    labels = one(api, "labels", {"width": 1.0, "colour": "red"})
    assert set(labels) == {"labels", "probabilities"}
    assert labels["labels"] == [name for name, share in labels["probabilities"].items() if share >= 0.5]
    shares = one(api, "shares", {"width": 1.0, "x": 1})
    assert sum(shares["probabilities"].values()) == pytest.approx(1, abs=1e-9)


def test_top_k_keeps_the_likeliest(api: Api) -> None:
    whole = one(api, "grade", RECORD)["probabilities"]
    best = sorted(whole, key=whole.get, reverse=True)[:2]
    assert list(one(api, "grade", RECORD, top_k=2)["probabilities"]) == best
    assert one(api, "grade", RECORD, top_k=9)["probabilities"] == whole


def test_both_verbs_and_all_forms_read_values_alike(api: Api) -> None:
    body = api.post("/predict", json={"model": "kind", "records": [RECORD]}).json
    rows = api.post("/predict", json={"model": "kind", "rows": [list(RECORD.values())]}).json
    version = api.get("/models/kind/versions/1").json
    names = {feature["name"]: feature["query_name"] for feature in version["schema"]["features"]}
    assert names["x"] == "feature.x"
    assert names["feature.y"] == "feature.feature.y"
    texts = {names[name]: str(value).lower() for name, value in RECORD.items()}
    query = api.get("/predict", query_string={"model": "kind", **texts}).json
    record = api.get("/predict?model=kind&x=" + quote('0.5,2,-1.0,TRUE,"red",0.1')).json
    prefixed = api.get(
        "/predict", query_string={"model": "kind", **{f"feature.{k}": str(v) for k, v in RECORD.items()}}
    ).json
    assert body == rows == query == record == prefixed


def test_a_row_fetched_from_the_dataset_can_be_sent_back_as_it_is(api: Api) -> None:
    rows = api.get("/datasets/mixed/rows?limit=20").json["items"]
    answer = api.post("/predict", json={"model": "kind", "records": rows})
    assert answer.status_code == 200, answer.text
    assert len(answer.json["predictions"]) == 20
    for model in ("several", "labels", "value"):
        assert api.post("/predict", json={"model": model, "records": rows}).status_code == 200
    extra = {"kind": "big", "id": "7", "width": "0.5", "colour": ""}
    assert api.get("/predict", query_string={"model": "labels", **extra}).status_code == 200


def test_what_is_missing_or_was_never_seen_is_answered_with_a_warning(api: Api) -> None:
    records = [RECORD, {**RECORD, "width": None}, {**RECORD, "colour": "mauve"}, {**RECORD, "colour": None}]
    answer = api.post("/predict", json={"model": "kind", "records": records}).json
    found = [(warning["row"], warning["feature"], warning["code"]) for warning in answer["warnings"]]
    # A missing colour is a level of its own: training saw one.
    assert found == [(1, "width", "missing_value_imputed"), (2, "colour", "unseen_category")]
    texts = {"model": "labels", "width": "", "colour": "mauve"}
    warnings = api.get("/predict", query_string=texts).json["warnings"]
    assert [warning["code"] for warning in warnings] == ["missing_value_imputed", "unseen_category"]


@pytest.mark.parametrize("mark", ["", "NA", "nan", " NaN "])
def test_what_an_upload_reads_as_missing_is_missing_at_both_verbs(api: Api, mark: str) -> None:
    missing = api.post("/predict", json={"model": "kind", "records": [{**RECORD, "colour": None}]}).json
    assert missing["warnings"] == []
    assert api.post("/predict", json={"model": "kind", "records": [{**RECORD, "colour": mark}]}).json == missing
    texts = {f"feature.{name}": str(value) for name, value in {**RECORD, "colour": mark}.items()}
    assert api.get("/predict", query_string={"model": "kind", **texts}).json == missing


def test_an_answer_is_cached_by_the_contracts_rule(api: Api) -> None:
    query = {"model": "several", "feature.x": "1", "colour": "red"}
    free = api.get("/predict", query_string=query)
    pinned = api.get("/predict", query_string={**query, "version": 1})
    assert free.headers["Cache-Control"] == "no-cache"
    assert pinned.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    tags = {free.headers["ETag"], pinned.headers["ETag"]}
    tags.add(api.get("/predict", query_string={**query, "feature.x": "2"}).headers["ETag"])
    assert len(tags) == 3
    assert all(tag.startswith('"') for tag in tags)
    same = api.get("/predict", query_string=query, headers={"If-None-Match": f'"other", {free.headers["ETag"]}'})
    assert (same.status_code, same.data, same.headers["ETag"]) == (304, b"", free.headers["ETag"])
    assert "Content-Type" not in same.headers
    assert api.get("/predict", query_string=query, headers={"If-None-Match": "*"}).status_code == 304
    other = api.get("/predict", query_string=query, headers={"If-None-Match": pinned.headers["ETag"]})
    assert other.status_code == 200
    head = api.client.head("/predict", query_string=query)
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", free.headers["ETag"])
    assert head.headers["Content-Length"] == free.headers["Content-Length"]


def test_deletion_is_looked_at_before_the_cache(api: Api) -> None:
    api.upload("a,b\n" + "".join(f"{n},{n % 2 == 0}\n" for n in range(40)), "brief")
    api.trained(dataset="brief", target="b", model="brief")
    address = "/predict?model=brief&a=1&version=1"
    tag = api.get(address).headers["ETag"]
    assert api.get(address, headers={"If-None-Match": tag}).status_code == 304
    assert api.delete("/models/brief/versions/1").status_code == 204
    assert api.get(address, headers={"If-None-Match": tag}).status_code == 404


def test_a_link_of_a_job_opens_with_awkward_names_and_many_features(api: Api) -> None:
    (job,) = api.get("/jobs?model=kind").json["items"]
    assert api.get(job["links"]["predict"]).json["version"] == 1
    names = [f"pixel_number_{n}" for n in range(500)]
    random = np.random.default_rng(1)
    rows = "\n".join(",".join([*map(str, random.integers(0, 9, 500)), "ab"[n % 2]]) for n in range(30))
    api.upload(",".join([*names, "letter"]) + "\n" + rows + "\n", "wide")
    link = api.trained(dataset="wide", target="letter", epochs=1)["links"]["predict"]
    assert "&x=" in link
    assert len(link) <= 8192
    assert api.get(link).status_code == 200


def test_a_version_kept_after_a_cancel_answers_only_when_named(api: Api) -> None:
    from sqlalchemy import update

    from store.registry_tables import ModelVersionRow

    api.upload_iris()
    api.trained(dataset="iris", target="species", model="kept")
    with api.parts.database.write() as s:
        s.execute(update(ModelVersionRow).where(ModelVersionRow.model_name == "kept").values(source="kept"))
    query = {"model": "kept", **SETOSA}
    unnamed = api.get("/predict", query_string=query).json
    assert (unnamed["code"], unnamed["errors"][0]["parameter"]) == ("version_not_found", "model")
    assert "No training of 'kept' has succeeded" in unnamed["detail"]
    unnamed = api.post("/predict", json={"model": "kept", "records": [SETOSA]}).json
    assert (unnamed["code"], unnamed["errors"][0]["pointer"]) == ("version_not_found", "/model")
    assert api.get("/predict", query_string={**query, "version": 1}).json["selected_by"] == "version"
