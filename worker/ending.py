"""How a job ends: what it leaves becomes a version, a candidate of the search that it is a trial of, or a dataset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from store import candidates, datasets, leases, registry, searches
from store.leases import Fence
from store.registry import NewVersion
from store.tables import JobRow


@dataclass(frozen=True)
class MadeDataset:
    """A table that is written, and becomes a dataset with the end of its job; the fields are those of `DatasetRow`."""

    upload_id: str
    rows: int
    bytes: int
    sha256: str
    columns: list[dict[str, Any]]
    warnings: list[dict[str, Any]]

    def contents(self) -> dict[str, Any]:
        """All but the row that it is to be."""
        return {name: value for name, value in vars(self).items() if name != "upload_id"}


def end_job(
    s: Session,
    job: JobRow,
    fence: Fence,
    status: str,
    *,
    version: NewVersion | None = None,
    dataset: MadeDataset | None = None,
    trial_value: float | None = None,
    **values: Any,
) -> None:
    """End the job in one fenced transaction.

    Parameters
    ----------
    version : NewVersion or None
        What it leaves. A trial that succeeded offers it to its search and publishes nothing.
    dataset : MadeDataset or None
        What a prediction leaves.
    trial_value : float or None
        What a trial came to.
    **values : object
        Further fields of the job.

    Raises
    ------
    LeaseLost
        When the claim is void.
    Conflict
        ``model_target_mismatch``, ``upload_expired``.
    """
    search = searches.hold(s, job) if job.search_id is not None else None
    leases.finish(s, fence, status, trial_value=trial_value, **values)
    if dataset is not None:
        made, _ = datasets.complete_upload(s, dataset.upload_id, **dataset.contents())
        s.execute(update(JobRow).where(JobRow.id == job.id).values(result_id=made.id))
    if version is None:
        return
    if job.search_id is None or status != "succeeded":
        config = job.config
        name = str(job.model_name)
        registry.publish_version(s, job.project_id, name, version, task=config["task"], target=config["target"])
    elif search is not None:
        assert trial_value is not None
        candidates.offer(s, search, job, trial_value, version)
