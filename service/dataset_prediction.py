"""A `POST /predict` of a stored dataset: checked against the version and the table, it becomes a queued job."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from core.outcomes import outcome_columns
from core.targets import TargetEncoding
from service.idempotency_header import key_of
from service.parts import parts, project
from service.problems import MAX_ERRORS, ErrorItem, problem_at, problem_of
from service.schemas.predict import PredictDataset
from service.store_problems import check_name, check_reference, placed
from service.validation import nearest, validated
from store import datasets, registry
from store.errors import NotFound
from store.idempotency import IdempotencyKey
from store.ids import is_name
from store.registry_tables import ModelVersionRow
from store.selection import Selection, select_version
from store.submission import job_of_key, submit
from store.tables import DatasetRow, JobRow

_LONGEST_NAME = 64
_NUMBERS = ("number", "integer")


def ask_for_prediction(body: Mapping[str, Any], key_header: str | None) -> JobRow:
    """Queue the prediction of a dataset by the version that answers now.

    Raises
    ------
    Problem
        422 for a column that the version takes and the dataset lacks, or has in another type.
    """
    for field in ("records", "rows"):
        if field in body:
            raise problem_at("invalid_value", "Give one of `records`, `rows` and `dataset`.", pointer=f"/{field}")
    asked = validated(PredictDataset, body)
    if asked.version is not None and asked.alias is not None:
        raise problem_at("invalid_value", "`version` and `alias` exclude each other.", pointer="/alias")
    p, key = parts(), _key(body, key_header)
    places = _places(asked)
    if key is not None:
        with placed(others=places), p.database.write() as s:
            known = job_of_key(s, project(), key)
        if known is not None:
            return known
    dataset = _dataset(asked)
    selection, version = _version(asked, places)
    _check_columns(dataset, version)
    if asked.name is not None:
        check_name(asked.name, pointer="/name")
    config = {
        "dataset": f"{dataset.name}@{dataset.version}",
        "model": selection.model,
        "version": selection.version,
        "selected_by": selection.selected_by,
        "name": asked.name or result_name(dataset.name, selection.model, selection.version),
    }
    with placed(others=places), p.database.write() as s:
        job, created = submit(
            s,
            project(),
            config=config,
            dataset_id=dataset.id,
            model_name=selection.model,
            model_version=selection.version,
            epochs=dataset.rows,
            kind="predict",
            idempotency=key,
            max_queued=p.settings.max_queued_jobs,
        )
    if created:
        p.dispatcher.dispatch(job.id)
    return job


def result_name(dataset: str, model: str, version: int) -> str:
    """What the result is called where the request does not say; cut before the version where it is too long."""
    ending = f"-{version}"
    return f"{dataset}-{model}"[: _LONGEST_NAME - len(ending)] + ending


def _places(asked: PredictDataset) -> dict[str, dict[str, str]]:
    return {
        "dataset_not_found": {"pointer": "/dataset"},
        "model_not_found": {"pointer": "/model"},
        "version_not_found": {"pointer": "/version" if asked.version is not None else "/model"},
        "alias_not_found": {"pointer": "/alias"},
        "idempotency_key_reused": {"parameter": "Idempotency-Key"},
    }


def _key(body: Mapping[str, Any], header: str | None) -> IdempotencyKey | None:
    key = key_of(header)
    if key is None:
        return None
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    return IdempotencyKey("POST /predict", key, digest)


def _dataset(asked: PredictDataset) -> DatasetRow:
    with placed(pointer="/dataset"):
        check_reference("dataset", asked.dataset)
        with parts().database.read() as s:
            return datasets.resolve(s, project(), asked.dataset)


def _version(asked: PredictDataset, places: Mapping[str, Mapping[str, str]]) -> tuple[Selection, ModelVersionRow]:
    with placed(others=places):
        # What cannot be a name is not looked for: not every database takes any text.
        for what, name in (("model", asked.model), ("alias", asked.alias)):
            if name is not None and not is_name(name):
                raise NotFound(what, name[:100])
        with parts().database.read() as s:
            found = select_version(s, project(), asked.model, version=asked.version, alias=asked.alias)
            return found, registry.get_version(s, project(), found.model, found.version)


def _check_columns(dataset: DatasetRow, version: ModelVersionRow) -> None:
    known = {column["name"]: column for column in dataset.columns}
    items: list[ErrorItem] = []
    for feature in version.schema["features"]:
        name, column = feature["name"], known.get(feature["name"])
        if column is None:
            detail = f"The dataset has no column {name!r}, which the model takes.{nearest(name, list(known))}"
            items.append(ErrorItem("missing_feature", detail, "/dataset", column=name))
        elif not _fits(feature["type"], column["type"]) and column["missing"] < dataset.rows:
            detail = f"The column {name!r} is of type {column['type']}; the model takes {feature['type']} there."
            items.append(ErrorItem("wrong_type", detail, "/dataset", column=name))
        if len(items) == MAX_ERRORS:
            break
    if items:
        raise problem_of(items)
    target = TargetEncoding.from_dict(version.target_encoding)
    added = len(outcome_columns(target, several_targets=isinstance(version.schema["target"], list)))
    count, most = len(dataset.columns) + added, parts().settings.max_columns
    if count > most:
        detail = f"The result would have {count:,} columns; at most {most:,} can be stored."
        raise problem_at("too_many_columns", detail, pointer="/dataset")


def _fits(wanted: str, found: str) -> bool:
    """Whether `POST /predict` would take the values of such a column."""
    return found == wanted or (found in _NUMBERS and wanted in _NUMBERS)
