"""How a job ends: its version published, or offered to the search that it is a trial of."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from store import candidates, leases, registry, searches
from store.leases import Fence
from store.registry import NewVersion
from store.tables import JobRow


def end_job(
    s: Session,
    job: JobRow,
    fence: Fence,
    status: str,
    *,
    version: NewVersion | None = None,
    trial_value: float | None = None,
    **values: Any,
) -> None:
    """End the job in one fenced transaction.

    Parameters
    ----------
    version : NewVersion or None
        What it leaves. A trial that succeeded offers it to its search and publishes nothing.
    trial_value : float or None
        What a trial came to.
    **values : object
        Further fields of the job.

    Raises
    ------
    LeaseLost
        When the claim is void.
    Conflict
        ``model_target_mismatch``.
    """
    search = searches.hold(s, job) if job.search_id is not None else None
    leases.finish(s, fence, status, trial_value=trial_value, **values)
    if version is None:
        return
    if job.search_id is None or status != "succeeded":
        config = job.config
        name = str(job.model_name)
        registry.publish_version(s, job.project_id, name, version, task=config["task"], target=config["target"])
    elif search is not None:
        assert trial_value is not None
        candidates.offer(s, search, job, trial_value, version)
