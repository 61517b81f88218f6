"""The client of the service: one method for each thing the HTTP contract offers."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from mlp import asking
from mlp.answers import Dataset, HistoryItem, Job, Model, Predictions, Version
from mlp.connection import Connection, quote
from mlp.following import ENDED, JobEvent, follow
from mlp.problems import JobFailed, WaitedTooLong

if TYPE_CHECKING:
    import httpx

_PAGE = 500
_CONTENT_TYPES = {
    ".parquet": "application/vnd.apache.parquet",
    ".arrow": "application/vnd.apache.arrow.file",
}


class Client:
    """Talk to a running service.

    Wherever a dataset, job or model is taken, its name does as well as its id; ``iris@2`` pins a dataset's version.
    Every method raises an `mlp.MLPClientError`: `mlp.Problem` when the service said no, `mlp.Unreachable` when nothing
    answered.

    Parameters
    ----------
    url : str
        Where the service is.
    timeout : float
        Longest silence while an answer is awaited, seconds.
    transport : httpx.BaseTransport or None
        What carries the bytes; for tests.

    Examples
    --------
    >>> with Client() as client:                                                    # doctest: +SKIP
    ...     client.upload("iris.csv")
    ...     job = client.wait(client.train("iris", "species")["id"])
    ...     client.predict("iris", [5.1, 3.5, 1.4, 0.2])["predictions"][0]["label"]
    'setosa'
    """

    def __init__(
        self, url: str = "http://127.0.0.1:8000", timeout: float = 60.0, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._connection = Connection(url, timeout, transport)
        self.url = self._connection.url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the client is of no use afterwards."""
        self._connection.close()

    def ready(self) -> bool:
        """Whether the service has all that it needs (``GET /readyz``)."""
        from mlp.problems import ServerTrouble, Unreachable

        try:
            self._connection.request("GET", "/readyz")
        except (ServerTrouble, Unreachable):
            return False
        return True

    # datasets

    def upload(self, source: Any, name: str | None = None) -> Dataset:
        """Upload a table.

        Parameters
        ----------
        source : str, Path, bytes, or rows
            A file (CSV; Parquet and Arrow by suffix), the bytes of a CSV, a list of records, a mapping of column name
            to values, or a data frame.
        name : str or None
            The dataset's name; a file's own, without its suffix, when None.

        Raises
        ------
        BadRequest, Unacceptable
            The table is not one, or not one that can be kept; ``errors`` has row and column.
        ValueError
            No name, and none to be taken from a file.
        OSError
            The file cannot be read.
        """
        if isinstance(source, str | Path):
            path = Path(source)
            headers = {"Content-Type": _CONTENT_TYPES.get(path.suffix.lower(), "text/csv")}
            with path.open("rb") as file:
                params = {"name": name or path.stem}
                answer = self._connection.json("POST", "/datasets", params=params, content=file, headers=headers)
            return cast(Dataset, answer)
        if name is None:
            raise ValueError("A table that does not come from a file needs a name.")
        if isinstance(source, bytes):
            headers = {"Content-Type": "text/csv"}
            params = {"name": name}
            answer = self._connection.json("POST", "/datasets", params=params, content=source, headers=headers)
            return cast(Dataset, answer)
        table = asking.plain(source)
        document: dict[str, Any]
        if isinstance(table, Mapping):
            columns = {str(key): asking.plain(values) for key, values in table.items()}
            document = {"columns": list(columns), "rows": [list(row) for row in zip(*columns.values(), strict=True)]}
        else:
            document = {"records": list(table)}
        return cast(Dataset, self._connection.json("POST", "/datasets", json={"name": name, **document}))

    def datasets(self) -> Iterator[Dataset]:
        """All datasets, newest first."""
        return self._items("/datasets", {})

    def dataset(self, dataset: str) -> Dataset:
        """One dataset: its columns, their types, roles and statistics."""
        return cast(Dataset, self._connection.json("GET", f"/datasets/{quote(dataset)}"))

    def rows(self, dataset: str) -> Iterator[dict[str, Any]]:
        """The rows of a dataset, in order."""
        return self._items(f"/datasets/{quote(dataset)}/rows", {})

    def download(self, dataset: str, form: str = "csv") -> bytes:
        """A dataset's table as the bytes of a ``csv`` or ``parquet`` file."""
        path = f"/datasets/{quote(dataset)}/download"
        return self._connection.request("GET", path, params={"format": form}).content

    def delete_dataset(self, dataset: str) -> None:
        """Delete a dataset; `mlp.Conflict` while an unfinished job needs it."""
        self._connection.json("DELETE", f"/datasets/{quote(dataset)}")

    # training

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

    def jobs(self, *, status: str | None = None, model: str | None = None, kind: str | None = None) -> Iterator[Job]:
        """All jobs, newest first; those of one status, model or kind where given."""
        return self._items("/jobs", _given(status=status, model=model, kind=kind))

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
            params = _given(points=points, after_epoch=after_epoch)
            return cast(list[HistoryItem], self._connection.json("GET", path, params=params)["items"])
        return list(self._items(path, _given(after_epoch=after_epoch)))

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

    # models

    def models(self) -> Iterator[Model]:
        """All models, newest first."""
        return self._items("/models", {})

    def model(self, model: str) -> Model:
        """One model."""
        return cast(Model, self._connection.json("GET", f"/models/{quote(model)}"))

    def versions(self, model: str) -> Iterator[Version]:
        """The versions of a model, newest first."""
        return self._items(f"/models/{quote(model)}/versions", {})

    def version(self, model: str, version: int) -> Version:
        """One version: its schema, configuration and metrics."""
        return cast(Version, self._connection.json("GET", f"/models/{quote(model)}/versions/{version}"))

    def predict(
        self,
        model: str,
        rows: Any,
        *,
        version: int | None = None,
        alias: str | None = None,
        top_k: int | None = None,
    ) -> Predictions:
        """Predict one row (``GET``) or many (``POST``); the answer has one shape.

        Parameters
        ----------
        rows : mapping, sequence, array or data frame
            One row: features by name, or their values in the order of the version's features. Many: a sequence of
            such rows.
        version, alias : int, str or None
            Which version answers; the service chooses, and says how, when both are None.
        top_k : int or None
            Keep only so many probabilities.
        """
        options = {"model": model, **_given(version=version, alias=alias, top_k=top_k)}
        data = asking.plain(rows)
        one = asking.is_one_row(data)
        query = asking.address(options, data) if one and data else None
        if query is not None:
            return cast(Predictions, self._connection.json("GET", f"/predict?{query}"))
        many = [data] if one and data else list(data)
        return cast(Predictions, self._connection.json("POST", "/predict", json=asking.body(options, many), again=True))

    def _items(self, path: str, params: dict[str, Any]) -> Iterator[Any]:
        """Walk through the pages of a list."""
        query = {**params, "limit": _PAGE}
        while True:
            page = self._connection.json("GET", path, params=query)
            yield from page["items"]
            if not page.get("next_cursor"):
                return
            query["cursor"] = page["next_cursor"]


def _given(**options: Any) -> dict[str, Any]:
    return {key: value for key, value in options.items() if value is not None}
