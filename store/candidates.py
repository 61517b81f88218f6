"""The candidate of a search: the network of its best trial so far, kept until the search ends."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.search_config import SearchConfig
from store.registry import NewVersion, StoredWeights, fields_of, publish_version, store_weights
from store.registry_tables import WeightsRow
from store.search_tables import CandidateRow
from store.tables import JobRow


def is_better(search: JobRow, number: int, value: float) -> bool:
    """Whether a trial is better than a search's best so far; of equal ones the one that was asked for first is."""
    if search.trial is None or search.trial_value is None:
        return True
    if value == search.trial_value:
        return number < search.trial
    return SearchConfig.from_dict(search.config["search"]).better(value, search.trial_value)


def offer(s: Session, search: JobRow, trial: JobRow, value: float, version: NewVersion) -> bool:
    """Make a trial's network the candidate where it is the best so far, in the transaction that ends the trial.

    Parameters
    ----------
    search : JobRow
        Locked by `store.searches.hold`.
    """
    assert trial.trial is not None
    if not is_better(search, trial.trial, value):
        return False
    assert isinstance(version.weights, bytes)
    drop_candidate(s, search.id)
    weights = store_weights(s, search.project_id, version.weights)
    row = CandidateRow(search_id=search.id, project_id=search.project_id, weights_id=weights.id)
    row.version = fields_of(version)
    s.add(row)
    search.trial, search.trial_value, search.best_epoch = trial.trial, value, version.best_epoch
    s.flush()
    return True


def publish_candidate(s: Session, search: JobRow, source: str) -> int | None:
    """Publish the candidate as a version of the search's job; None where there is none."""
    row = s.get(CandidateRow, search.id)
    if row is None:
        return None
    stored = s.execute(select(WeightsRow.id, WeightsRow.sha256).where(WeightsRow.id == row.weights_id)).one()
    new = replace(NewVersion(**row.version, weights=StoredWeights(*stored)), source=source, job_id=search.id)
    s.delete(row)
    s.flush()
    config = search.config
    return publish_version(
        s, search.project_id, str(search.model_name), new, task=config["task"], target=config["target"]
    )


def drop_candidate(s: Session, search_id: str) -> None:
    """Remove the candidate with its weights, if there is one."""
    row = s.get(CandidateRow, search_id)
    if row is None:
        return
    s.delete(row)
    s.flush()
    s.execute(delete(WeightsRow).where(WeightsRow.id == row.weights_id))
