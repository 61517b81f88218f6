"""The client's methods about training and its jobs."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, cast

from mlp.answers import HistoryItem, Job, Trial
from mlp.connection import Connection, given, quote
from mlp.following import ENDED, JobEvent, follow
from mlp.problems import JobFailed, WaitedTooLong


class JobMethods:
    """Train, search, watch, wait, cancel."""

    _connection: Connection

    def train(
        self, dataset: str, target: str | list[str], *, idempotency_key: str | None = None, **options: Any
    ) -> Job:
        """Ask for a model of a column.

        Parameters
        ----------
        dataset : str
        target : str or list of str
        idempotency_key : str or None
            Two requests with the same key are one job. A fresh key when None, so that a broken connection starts no
            second job.
        **options
            Fields of ``POST /train``: ``model``, ``features``, ``task``, ``network``, ``epochs``, ``seed`` and so on.

        Returns
        -------
        Job
            Queued; `wait` for it, or read its `events`.
        """
        headers = {"Idempotency-Key": idempotency_key or uuid.uuid4().hex}
        document = {"dataset": dataset, "target": target, **options}
        return cast(Job, self._connection.json("POST", "/train", json=document, headers=headers, again=True))

    def search(
        self,
        dataset: str,
        target: str | list[str],
        *,
        trials: int = 20,
        space: Mapping[str, Mapping[str, Any]] | None = None,
        idempotency_key: str | None = None,
        parallelism: int | None = None,
        metric: str | None = None,
        sampler: Mapping[str, Any] | None = None,
        pruner: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Job:
        """Ask for the best of many trainings of a column, which differ in some settings.

        Parameters
        ----------
        dataset : str
        target : str or list of str
        trials : int
            How many.
        space : mapping or None
            By the setting's path in the request, such as ``{"batch_size": {"type": "choice", "choices": [16, 32]}}``;
            a usual one when None.
        idempotency_key : str or None
            As in `train`.
        parallelism, metric, sampler, pruner
            Further fields of the request's ``search``; the service's defaults when None.
        **options
            What the trials have in common, as in `train`.

        Returns
        -------
        Job
            It runs: `wait` for it, read its `events`, or list its `trials`.
        """
        more = given(space=space, parallelism=parallelism, metric=metric, sampler=sampler, pruner=pruner)
        asked = {"trials": trials, **more}
        return self.train(dataset, target, idempotency_key=idempotency_key, search=asked, **options)

    def trials(self, job: str) -> Iterator[Trial]:
        """The trials of a search, by their number."""
        return self._connection.items(f"/jobs/{quote(job)}/trials", {})

    def jobs(
        self,
        *,
        status: str | None = None,
        model: str | None = None,
        kind: str | None = None,
        dataset: str | None = None,
    ) -> Iterator[Job]:
        """All jobs, newest first; those of one status, model, kind or dataset (id, name, name@version) where given."""
        return self._connection.items("/jobs", given(status=status, model=model, kind=kind, dataset=dataset))

    def job(self, job: str) -> Job:
        """One job, as it stands."""
        return cast(Job, self._connection.json("GET", f"/jobs/{quote(job)}"))

    def history(self, job: str, *, after_epoch: int | None = None, points: int | None = None) -> list[HistoryItem]:
        """A job's epoch reports.

        Parameters
        ----------
        after_epoch : int or None
            Only later ones.
        points : int or None
            About this many, thinned so that extremes stay.
        """
        path = f"/jobs/{quote(job)}/history"
        if points is not None:
            params = given(points=points, after_epoch=after_epoch)
            return cast(list[HistoryItem], self._connection.json("GET", path, params=params)["items"])
        return list(self._connection.items(path, given(after_epoch=after_epoch)))

    def events(self, job: str, *, after: str | None = None, patience: float = 60.0) -> Iterator[JobEvent]:
        """Watch a job: every epoch once, and its status, until it ends.

        Parameters
        ----------
        after : str or None
            ``id`` of the last event already seen.
        patience : float
            How long the service may be away before that is an error, seconds.
        """
        return follow(self._connection, job, after, patience)

    def wait(self, job: str, timeout: float | None = None) -> Job:
        """Wait until a job has ended well.

        Parameters
        ----------
        timeout : float or None
            Seconds; for ever when None.

        Raises
        ------
        JobFailed
            It failed or was cancelled; ``.job`` is the job.
        WaitedTooLong
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        pause = 0.05
        while True:
            found = self.job(job)
            if found["status"] == "succeeded":
                return found
            if found["status"] in ENDED:
                raise JobFailed(found)
            if deadline is not None and time.monotonic() >= deadline:
                raise WaitedTooLong(f"Job {job} is still {found['status']} after {timeout:g} s.")
            time.sleep(pause if deadline is None else max(0.0, min(pause, deadline - time.monotonic())))
            pause = min(1.0, pause * 1.5)

    def cancel(self, job: str, keep: str | None = None) -> Job:
        """Ask a job to stop; ``keep`` = ``"best"`` or ``"last"`` makes a version of what it has learned."""
        return cast(Job, self._connection.json("POST", f"/jobs/{quote(job)}/cancel", json={"keep": keep}))

    def retry(self, job: str) -> Job:
        """Run an ended job again, as a new one."""
        return cast(Job, self._connection.json("POST", f"/jobs/{quote(job)}/retry"))

    def delete_job(self, job: str) -> None:
        """Forget an ended job."""
        self._connection.json("DELETE", f"/jobs/{quote(job)}")
