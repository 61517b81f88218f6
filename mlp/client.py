"""The client of the service: a connection, with a method for each thing the HTTP contract offers."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from mlp.client_datasets import DatasetMethods
from mlp.client_jobs import JobMethods
from mlp.client_models import ModelMethods
from mlp.connection import Connection
from mlp.problems import ServerTrouble, Unreachable

if TYPE_CHECKING:
    import httpx


class Client(DatasetMethods, JobMethods, ModelMethods):
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
        try:
            self._connection.request("GET", "/readyz")
        except (ServerTrouble, Unreachable):
            return False
        return True
