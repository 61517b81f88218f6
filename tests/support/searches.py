"""Searches for tests of the store and of the worker."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from core.configuration import TrainingConfig
from core.search_config import PrunerConfig, SamplerConfig, SearchConfig
from core.search_space import Parameter
from store import leases, searches, submission
from store.database import Database
from store.registry_tables import WeightsRow
from store.searches import NewTrial, Study
from store.tables import DatasetRow, JobRow
from tests.support.rows import PROJECT, new_version, queued_job, read_job
from worker.ending import end_job
from worker.job import run_job
from worker.runtime import Runtime

RATE = Parameter("optimizer.learning_rate", "float", low=1e-4, high=1e-1, log=True)
LAYERS = Parameter("network.hidden", "choice", choices=([4], [8], [8, 4]))


def search_config(
    *,
    space: tuple[Parameter, ...] = (RATE, LAYERS),
    sampler: dict[str, Any] | None = None,
    pruner: dict[str, Any] | None = None,
    training: dict[str, Any] | None = None,
    **search: Any,
) -> dict[str, Any]:
    """The `search` and `training` of a search's job."""
    fields = {"task": "classification", **(training or {})}
    if "metric" in search:
        fields["early_stopping"] = {"metric": search["metric"]}
    config = SearchConfig(
        space=space,
        sampler=SamplerConfig(**(sampler or {})),
        pruner=None if pruner is None else PrunerConfig(**pruner),
        **search,
    )
    return {
        "training": TrainingConfig.from_dict(fields).to_dict(),
        "search": {**config.to_dict(), "fields": fields},
        "inferred": {},
    }


def search_row(database: Database, **search: Any) -> JobRow:
    """A search that runs, on a dataset of its own without a file."""
    config = {"task": "classification", "target": "species", **search_config(**search)}
    return queued_job(database, kind="search", config=config, epochs=search.get("trials", 20))


def submit_search(database: Database, dataset: DatasetRow, *, model: str = "points", **search: Any) -> JobRow:
    """A search of the dataset of `tests.support.training.points_table`."""
    config = {
        "dataset": f"{dataset.name}@{dataset.version}",
        "target": "kind",
        "features": ["w", "x", "y", "z"],
        "model": model,
        "task": "classification",
        **search_config(**search),
    }
    with database.write() as s:
        job, _ = submission.submit(
            s,
            PROJECT,
            config=config,
            dataset_id=dataset.id,
            model_name=model,
            epochs=search.get("trials", 20),
            kind="search",
        )
    return job


def study_of(database: Database, search_id: str) -> Study:
    """A running search as it is now."""
    with database.read() as s:
        study = searches.read_study(s, search_id)
    assert study is not None
    return study


def trials_now(database: Database, search_id: str) -> list[JobRow]:
    """A search's trials as they are now."""
    with database.read() as s:
        return searches.trials_of(s, search_id)


def add_trials(database: Database, search_id: str, count: int) -> list[str]:
    """Add so many trials to a search; their ids."""
    study = study_of(database, search_id)
    config = {"task": "classification", "target": "species", "trial": {}}
    with database.write() as s:
        return searches.advance(s, study, [NewTrial(config, 5)] * count)


def move_on(database: Database, search_id: str) -> None:
    """Let the search hear of what has ended, without new trials."""
    study = study_of(database, search_id)
    with database.write() as s:
        searches.advance(s, study, [])


def run_trial(database: Database, job_id: str) -> tuple[JobRow, leases.Fence]:
    """Claim a trial."""
    with database.write() as s:
        job = leases.claim(s, job_id, worker="worker-1", lease_seconds=30)
    assert job is not None
    return job, leases.Fence(job.id, job.token)


def end_trial(database: Database, job_id: str, value: float | None, *, weights: bytes = b"weights") -> None:
    """Claim a trial and end it with a value; without one it fails."""
    job, fence = run_trial(database, job_id)
    with database.write() as s:
        if value is None:
            end_job(s, job, fence, "failed", error={"code": "training_diverged", "detail": "It did.", "hint": None})
        else:
            version = new_version(job.id, weights=weights)
            end_job(s, job, fence, "succeeded", version=version, trial_value=value)


def run_search(runtime: Runtime, search_id: str) -> JobRow:
    """Work a search off in this process, one trial after the other; the search as it ended."""
    run_job(runtime, search_id)
    while True:
        queued = [trial.id for trial in trials_now(runtime.database, search_id) if trial.status == "queued"]
        if not queued:
            return read_job(runtime.database, search_id)
        run_job(runtime, queued[0])


def sequence_of(database: Database, search_id: str) -> list[tuple[Any, ...]]:
    """What must be equal in two searches at parallelism 1: each trial's values, state, outcome and epochs."""
    return [
        (trial.trial, trial.config["trial"], searches.trial_state(trial), trial.trial_value, trial.epoch)
        for trial in trials_now(database, search_id)
    ]


def networks_stored(database: Database) -> int:
    """How many networks lie in the store, whoever owns them."""
    with database.read() as s:
        return s.scalar(select(func.count()).select_from(WeightsRow)) or 0
