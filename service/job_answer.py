"""A job's row as the API shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.training_settings import shown_config
from store import searches
from store.clock import rfc3339
from store.tables import JobRow


def job_answer(row: JobRow, latest: Mapping[str, Any] | None, links: Mapping[str, str | None]) -> dict[str, Any]:
    """The job as JSON.

    Parameters
    ----------
    latest : mapping or None
        The newest item of its history.
    links : mapping
        Addresses by name.
    """
    return {
        "id": row.id,
        "kind": row.kind,
        "status": row.status,
        "cancel_requested": row.cancel_requested,
        "progress": progress(row),
        "latest": dict(latest) if latest is not None else None,
        "best_epoch": row.best_epoch,
        "error": error_of(row),
        "attempts": row.attempts,
        "config": row.config if row.kind == "predict" else shown_config(row.config),
        "dataset": {
            "id": row.dataset_id,
            "name": row.dataset_name,
            "version": row.dataset_version,
            "sha256": row.dataset_sha256,
        },
        "model": model_of(row),
        "result": row.result_id,
        "warnings": [{"column": None, **warning} for warning in row.warnings],
        "cross_validation": row.cross_validation,
        "search": search_of(row),
        "trial": _trial_of(row),
        "links": dict(links),
        "retry_of": row.retry_of,
        "bit_identical": row.bit_identical,
        "created_at": rfc3339(row.created_at),
        "started_at": rfc3339(row.started_at),
        "finished_at": rfc3339(row.finished_at),
    }


def progress(row: JobRow) -> dict[str, Any]:
    """How far the job is; a succeeded one is done, also where early stopping ended it. A search counts
    trials, a prediction rows."""
    fraction = 1.0 if row.status == "succeeded" else min(1.0, row.epoch / row.epochs) if row.epochs else 0.0
    return {
        "epoch": row.epoch,
        "epochs": row.epochs,
        "fraction": fraction,
        "eta_seconds": row.eta_seconds,
        "samples_per_second": row.samples_per_second,
    }


def search_of(row: JobRow) -> dict[str, Any] | None:
    """What a search has found; None for any other job."""
    if row.kind != "search":
        return None
    search = searches.config_of(row)
    return {
        "metric": search.metric,
        "direction": "minimize" if search.lower_is_better else "maximize",
        "sampler": search.sampler.name,
        "pruner": None if search.pruner is None else search.pruner.name,
        "trials": search.most_trials,
        "parallelism": search.parallelism,
        "best_trial": row.trial,
        "best_value": row.trial_value,
    }


def trial_answer(row: JobRow) -> dict[str, Any]:
    """A trial's row of the table of trials."""
    return {
        "number": row.trial,
        "state": searches.trial_state(row),
        "value": row.trial_value,
        "params": row.config["trial"],
        "job": row.id,
        "epoch": row.epoch,
        "epochs": row.epochs,
        "best_epoch": row.best_epoch,
        "error": error_of(row),
        "started_at": rfc3339(row.started_at),
        "finished_at": rfc3339(row.finished_at),
    }


def _trial_of(row: JobRow) -> dict[str, Any] | None:
    if row.search_id is None:
        return None
    return {
        "search": row.search_id,
        "number": row.trial,
        "value": row.trial_value,
        "params": row.config["trial"],
    }


def error_of(row: JobRow) -> dict[str, Any] | None:
    """Why the job failed."""
    if row.error is None:
        return None
    return {name: row.error.get(name) for name in ("code", "detail", "hint")}


def model_of(row: JobRow) -> dict[str, Any] | None:
    """The model that the job trains, and the version that it published; of a prediction those that answer."""
    return None if row.model_name is None else {"name": row.model_name, "version": row.model_version}
