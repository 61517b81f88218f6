"""What is done to the workers of a search, and what must be true of it afterwards."""

from __future__ import annotations

import random
import time
from typing import Any

from sqlalchemy import func, select

from core.search_space import Parameter
from store import histories, searches
from store.database import Database
from store.registry_tables import ModelVersionRow
from store.search_tables import CandidateRow
from store.settings import Settings
from store.tables import ENDED, DatasetRow, JobRow
from tests.support.faults import LONG_TRAINING, fault_settings, new_seed, wait_for_end
from tests.support.searches import networks_stored, sequence_of, submit_search, trials_now
from tests.support.training import job_now, points_table, upload, versions_of
from tests.support.workers import reaper, wait_until, worker
from worker.app import make_app
from worker.publisher import publish

RATES = Parameter("optimizer.learning_rate", "float", low=1e-3, high=3e-2, log=True)
SIZES = Parameter("batch_size", "choice", choices=(16, 32))
TRIALS_TRAINING: dict[str, Any] = {**LONG_TRAINING, "epochs": 120}


def start_search(settings: Settings, database: Database, dataset: DatasetRow, **search: Any) -> str:
    """Submit a search and send its message; the job's id."""
    asked: dict[str, Any] = {"space": (RATES, SIZES), "training": TRIALS_TRAINING, "trials": 6, **search}
    job = submit_search(database, dataset, **asked)
    assert publish(make_app(settings), job.id)
    return job.id


def wait_for_trials(database: Database, search_id: str, status: str, count: int = 1) -> list[JobRow]:
    """A search's trials of a status, once there are so many."""

    def there() -> list[JobRow] | None:
        found = [trial for trial in trials_now(database, search_id) if trial.status == status]
        return found if len(found) >= count else None

    return wait_until(there, seconds=60, what=f"{count} trials that are {status}") or []


def check_whole(database: Database, search_id: str, *, trials: int, versions: int = 1) -> None:
    """Each trial once, each of its epochs once, and of all their networks the best one's alone."""
    search, rows = job_now(database, search_id), trials_now(database, search_id)
    assert (search.status, search.error, search.epoch) == ("succeeded", None, trials)
    assert [trial.trial for trial in rows] == list(range(trials))
    for trial in rows:
        assert (trial.status, trial.error, trial.bit_identical) == ("succeeded", None, True)
        with database.read() as s:
            epochs = [report["epoch"] for report in histories.history(s, trial.id, limit=10_000)]
        assert epochs == list(range(1, trial.epochs + 1))
        assert versions_of(database, trial.id) == []
    best = min(rows, key=lambda trial: (trial.trial_value, trial.trial))
    assert (search.trial, search.trial_value) == (best.trial, best.trial_value)
    (version,) = versions_of(database, search_id)
    assert (version.source, version.version) == ("trained", search.model_version)
    assert version.config["training"] == best.config["training"]
    with database.read() as s:
        assert s.scalar(select(func.count()).select_from(CandidateRow)) == 0
        assert s.scalar(select(func.count()).select_from(ModelVersionRow)) == versions
    assert networks_stored(database) == versions


def kill_workers_in_mid_search(settings: Settings, database: Database, *, kills: int, trials: int) -> None:
    """Kill the whole worker group at random moments of two searches, and compare with an undisturbed one."""
    moments = random.Random(new_seed())
    # A kill before a trial's first report counts as an attempt in vain: as many as there are must not end the trial.
    settings = fault_settings(settings, worker_processes=3, max_attempts=kills + 1)
    dataset = upload(settings, database, points_table())
    with worker(settings, "undisturbed"):
        first = start_search(settings, database, dataset, trials=trials, parallelism=1)
        undisturbed = wait_for_end(database, first, seconds=120)
    check_whole(database, first, trials=trials)
    assert undisturbed.started_at is not None
    assert undisturbed.finished_at is not None
    of_a_trial = (undisturbed.finished_at - undisturbed.started_at) / trials
    with reaper(settings), worker(settings) as workers:
        alone = start_search(settings, database, dataset, trials=trials, parallelism=1)
        together = start_search(settings, database, dataset, trials=trials, parallelism=3)
        for _ in range(kills):
            if all(job_now(database, job_id).status in ENDED for job_id in (alone, together)):
                break
            before = _tokens(database, alone) | _tokens(database, together)
            # A claim of a trial since the last kill, for something to be lost.
            wait_until(
                lambda before=before: (
                    _claimed(database, (alone, together), before)  # type: ignore[misc]
                    or all(job_now(database, job_id).status in ENDED for job_id in (alone, together))
                ),
                seconds=60,
                what="a trial's claim",
            )
            # The moment of the fault is what is random; it comes while there is something to be lost.
            time.sleep(moments.uniform(0.0, of_a_trial))
            workers.kill_group()
            workers.start()
        for job_id in (alone, together):
            wait_for_end(database, job_id, seconds=180)
    tokens = [list(_tokens(database, job_id).values()) for job_id in (alone, together)]
    print("tokens of the trials:", *tokens)
    assert max(map(max, tokens)) > 1, "no trial was disturbed"
    check_whole(database, alone, trials=trials, versions=3)
    check_whole(database, together, trials=trials, versions=3)
    assert sequence_of(database, alone) == sequence_of(database, first)
    (expected,), (found,) = versions_of(database, first), versions_of(database, alone)
    assert found.sha256 == expected.sha256


def _tokens(database: Database, search_id: str) -> dict[str, int]:
    return {trial.id: trial.token for trial in trials_now(database, search_id)}


def _claimed(database: Database, ids: tuple[str, ...], tokens: dict[str, int]) -> bool:
    return any(
        trial.status == "running" and trial.token > tokens.get(trial.id, 0)
        for search_id in ids
        for trial in trials_now(database, search_id)
    )


def states_of(database: Database, search_id: str) -> list[str]:
    """What has become of each trial."""
    return [searches.trial_state(trial) for trial in trials_now(database, search_id)]
