"""POST /train: a request becomes a queued job, and a message says so."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from flask import Response, request

from core.table import Column
from service.answers import json_answer
from service.blueprints import blueprint
from service.idempotency_header import KeyHeader, key_of
from service.job_answer import job_answer
from service.job_limits import limits_of
from service.job_plan import Plan, make_plan
from service.parts import parts, project
from service.problems import problem_at
from service.schemas.jobs import JobAnswer
from service.schemas.train import TrainRequest
from service.starting_point import started_from
from service.store_problems import check_name, check_reference, placed
from service.target_choice import choose
from store import datasets, histories, parquet, registry, selection
from store.errors import NotFound
from store.idempotency import IdempotencyKey
from store.registry_tables import ModelVersionRow
from store.submission import job_of_key, submit
from store.tables import DatasetRow, JobRow

routes = blueprint("train", __name__, "Training")
_PLACES = {
    "dataset_not_found": {"pointer": "/dataset"},
    "idempotency_key_reused": {"parameter": "Idempotency-Key"},
}


@routes.post("/train", responses={202: JobAnswer})
def train(header: KeyHeader, body: TrainRequest) -> Response:
    """Train a model of a dataset's column, or search for the best of many; answers at once with the job."""
    p = parts()
    key = _idempotency_key(header)
    if key is not None and (known := _known(key)) is not None:
        return known
    limits = limits_of(body, p.settings)
    dataset = _dataset(body)
    model = check_name(body.model, pointer="/model") if body.model is not None else dataset.name
    plan = _plan(body, dataset, model, limits)
    with placed(pointer="/model", others=_PLACES), p.database.write() as s:
        job, created = submit(
            s,
            project(),
            config=plan.config,
            dataset_id=dataset.id,
            model_name=model,
            epochs=plan.epochs,
            kind=plan.kind,
            warnings=plan.warnings,
            idempotency=key,
            max_queued=p.settings.max_queued_jobs,
        )
        latest = histories.latest(s, [job.id]).get(job.id)
    if created:
        p.dispatcher.dispatch(job.id)
    return _accepted(job, latest)


def _known(key: IdempotencyKey) -> Response | None:
    """The answer to a key that came before: the same whatever has become of the dataset since."""
    with placed(others=_PLACES), parts().database.write() as s:
        job = job_of_key(s, project(), key)
        latest = histories.latest(s, [job.id]).get(job.id) if job is not None else None
    return _accepted(job, latest) if job is not None else None


def _accepted(job: JobRow, latest: Mapping[str, Any] | None) -> Response:
    answer = job_answer(job, latest, parts().links.of_job(job))
    return json_answer(answer, 202, {"Location": f"/jobs/{job.id}"})


def _dataset(body: TrainRequest) -> DatasetRow:
    with placed(pointer="/dataset"):
        check_reference("dataset", body.dataset)
        with parts().database.read() as s:
            return datasets.resolve(s, project(), body.dataset)


def _plan(body: TrainRequest, dataset: DatasetRow, model: str, limits: Mapping[str, Any]) -> Plan:
    """Choose the target, and read its columns once for all that must be known of them."""
    read: dict[str, Column] = {}

    def columns(names: list[str]) -> dict[str, Column]:
        missing = [name for name in names if name not in read]
        if missing:
            try:
                with parts().files.open(dataset.blob_key) as file:
                    read.update(parquet.read_columns(file, missing))
            except FileNotFoundError:  # deleted a moment ago
                with placed(pointer="/dataset"):
                    raise NotFound("dataset", body.dataset) from None
        return {name: read[name] for name in names}

    def distinct(name: str) -> int:
        column: Any = columns([name])[name]
        return len(np.unique(column.values[~column.missing]))

    start = _start(body)
    if start is not None:
        body = started_from(start, body, dataset.columns)
    choice = choose(body, dataset.columns, distinct)
    table = columns([*choice.targets, *([body.sample_weight] if body.sample_weight is not None else [])])
    settings = parts().settings
    name = f"{dataset.name}@{dataset.version}"
    return make_plan(body, name, model, choice, table, start, max_classes=settings.max_classes, limits=limits)


def _start(body: TrainRequest) -> ModelVersionRow | None:
    """The version that the training is to begin with."""
    asked = body.initialize_from
    if asked is None:
        return None
    if asked.version is not None and asked.alias is not None:
        raise problem_at("invalid_value", "`alias` stands beside `version`.", pointer="/initialize_from/alias")
    field = "version" if asked.version is not None else "alias" if asked.alias is not None else "model"
    with placed(pointer=f"/initialize_from/{field}", others={"model_not_found": {"pointer": "/initialize_from/model"}}):
        check_reference("model", asked.model)
        with parts().database.read() as s:
            chosen = selection.select_version(s, project(), asked.model, version=asked.version, alias=asked.alias)
            return registry.get_version(s, project(), chosen.model, chosen.version)


def _idempotency_key(header: KeyHeader) -> IdempotencyKey | None:
    key = key_of(header.key)
    if key is None:
        return None
    body = json.dumps(request.get_json(), sort_keys=True).encode()
    return IdempotencyKey("POST /train", key, hashlib.sha256(body).hexdigest())
