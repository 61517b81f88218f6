"""Asking for a job: one row, under the locks that keep names, keys and datasets consistent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from store.clock import now
from store.errors import Conflict, NotFound
from store.idempotency import IdempotencyKey, recall, remember
from store.ids import new_id
from store.locks import lock_name
from store.registry_tables import ModelRow, ModelVersionRow
from store.tables import UNFINISHED, DatasetRow, JobRow


def submit(
    s: Session,
    project: str,
    *,
    config: dict[str, Any],
    dataset_id: str,
    model_name: str | None,
    epochs: int = 0,
    kind: str = "train",
    model_version: int | None = None,
    warnings: Sequence[dict[str, Any]] = (),
    retry_of: str | None = None,
    idempotency: IdempotencyKey | None = None,
    max_queued: int | None = None,
) -> tuple[JobRow, bool]:
    """Queue a job; the caller publishes its message after the commit.

    A search waits for no worker: it runs from the start, without a lease, and its trials are what is queued.

    Parameters
    ----------
    model_version : int or None
        Of a prediction: which version answers; it stays until the job has ended.

    Returns
    -------
    tuple of (JobRow, bool)
        The job, and whether it is new: False for a repeated `idempotency` key.

    Raises
    ------
    Conflict
        ``idempotency_key_reused``, ``model_target_mismatch``, or ``too_many_jobs`` where `max_queued` jobs wait for a
        worker already, a search's trials not counted.
    NotFound
        When the dataset, or a prediction's version, was deleted meanwhile.
    """
    if idempotency is not None:
        known = job_of_key(s, project, idempotency)
        if known is not None:
            return known, False
    if max_queued is not None and kind != "search":
        _check_queue(s, project, max_queued)
    dataset = _locked_dataset(s, project, dataset_id)
    if model_name is not None:
        lock_name(s, project, "model", model_name)
        if model_version is not None:
            if s.get(ModelVersionRow, (project, model_name, model_version)) is None:
                raise NotFound("version", f"{model_name}/{model_version}")
        else:
            check_model_target(s, project, model_name, task=config["task"], target=config["target"])
    begun: dict[str, Any] = {"status": "queued", "published_at": now()}
    if kind == "search":
        begun = {"status": "running", "started_at": now()}
    job = JobRow(
        id=new_id("job"),
        project_id=project,
        kind=kind,
        config=config,
        dataset_id=dataset.id,
        dataset_name=dataset.name,
        dataset_version=dataset.version,
        dataset_sha256=dataset.sha256,
        model_name=model_name,
        model_version=model_version,
        retry_of=retry_of,
        epochs=epochs,
        warnings=list(warnings),
        **begun,
    )
    s.add(job)
    if idempotency is not None:
        remember(s, project, idempotency, job.id)
    s.flush()
    s.refresh(job)
    return job, True


def check_model_target(s: Session, project: str, model_name: str, *, task: str, target: str | list[str]) -> None:
    """Refuse another target or task under a name that a model or an unfinished job has.

    Raises
    ------
    Conflict
        ``model_target_mismatch``, with what the name stands for.
    """
    model = s.get(ModelRow, (project, model_name))
    if model is not None and model.deleted_at is None:
        taken = [(model.task, model.target)]
    else:
        configs = s.scalars(
            select(JobRow.config).where(
                JobRow.project_id == project,
                JobRow.model_name == model_name,
                JobRow.kind.in_(("train", "search")),
                JobRow.status.in_(UNFINISHED),
            )
        )
        taken = [(config["task"], config["target"]) for config in configs]
    for known_task, known_target in taken:
        if (known_task, known_target) != (task, target):
            raise Conflict(
                "model_target_mismatch",
                f"The model {model_name!r} is a {known_task} of {_written(known_target)}; "
                f"this job is a {task} of {_written(target)}. Give it another `model` name.",
            )


def check_unneeded(s: Session, project: str, model_name: str, version: int | None = None) -> None:
    """Refuse while an unfinished prediction needs the version, or any of the model's.

    The caller holds the model's name, as a prediction's submission does: one comes wholly before the other.

    Raises
    ------
    Conflict
        ``version_in_use``.
    """
    mine = [JobRow.project_id == project, JobRow.model_name == model_name, JobRow.kind == "predict"]
    if version is not None:
        mine.append(JobRow.model_version == version)
    job = s.execute(
        select(JobRow.id, JobRow.model_version).where(*mine, JobRow.status.in_(UNFINISHED)).limit(1)
    ).one_or_none()
    if job is not None:
        title = f"{model_name}/{job.model_version}"
        raise Conflict("version_in_use", f"The job {job.id} still needs {title}; cancel it or wait for its end.")


def _check_queue(s: Session, project: str, most: int) -> None:
    lock_name(s, project, "queue", "")  # until the commit, so that two at once cannot both be the last
    queued = select(func.count()).where(
        JobRow.project_id == project, JobRow.status == "queued", JobRow.search_id.is_(None)
    )
    if (s.scalar(queued) or 0) >= most:
        raise Conflict("too_many_jobs", f"{most:,} jobs wait for a worker already; try again when some have begun.")


def _locked_dataset(s: Session, project: str, dataset_id: str) -> DatasetRow:
    dataset = s.scalars(
        select(DatasetRow)
        .where(DatasetRow.project_id == project, DatasetRow.id == dataset_id, DatasetRow.status == "ready")
        .with_for_update(read=True)
    ).one_or_none()
    if dataset is None:
        raise NotFound("dataset", dataset_id)
    return dataset


def job_of_key(s: Session, project: str, idempotency: IdempotencyKey) -> JobRow | None:
    """The job that the same key asked for before; None at its first time. Locks the key until the transaction ends.

    Raises
    ------
    Conflict
        ``idempotency_key_reused`` where the body was another one.
    """
    known = recall(s, project, idempotency)
    if known is None:
        return None
    return s.scalars(select(JobRow).where(JobRow.project_id == project, JobRow.id == known)).one()


def _written(target: str | list[str]) -> str:
    return repr(target) if isinstance(target, str) else f"the list of {', '.join(map(repr, target))}"
