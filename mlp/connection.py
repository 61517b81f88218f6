"""One exchange with the service: a request goes out, JSON or a named error comes back."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

import httpx

from mlp.problems import Unreachable, UnreadableAnswer, problem_from

_CONNECT_SECONDS = 5.0
_PAGE = 500


def quote(name: str) -> str:
    """A name or id as one segment of a path."""
    from urllib.parse import quote as percent

    return percent(name, safe="@")


def given(**options: Any) -> dict[str, Any]:
    """The options that are not None."""
    return {key: value for key, value in options.items() if value is not None}


class Connection:
    """Requests to one service, over connections that stay open between them.

    Parameters
    ----------
    url : str
        Where the service is, such as ``http://127.0.0.1:8000``.
    timeout : float
        Longest silence while an answer is awaited, seconds.
    transport : httpx.BaseTransport or None
        What carries the bytes; for tests.

    Raises
    ------
    ValueError
        When ``url`` is not an http(s) address.
    """

    def __init__(self, url: str, timeout: float, transport: httpx.BaseTransport | None = None) -> None:
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise ValueError(f"{url!r} is not an address: {error}") from error
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise ValueError(f"{url!r} is not an address such as http://127.0.0.1:8000.")
        self.url = url.rstrip("/")
        self.timeout = timeout
        self._http = httpx.Client(
            base_url=self.url,
            timeout=httpx.Timeout(timeout, connect=min(timeout, _CONNECT_SECONDS)),
            transport=transport,
            # A proxy named in the environment knows nothing of this machine's own loopback.
            trust_env=not _is_loopback(parsed.host),
        )

    def close(self) -> None:
        """Close the open connections."""
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Any = None,
        json: Any = None,
        content: Any = None,
        headers: dict[str, str] | None = None,
        again: bool | None = None,
    ) -> httpx.Response:
        """Send one request.

        Parameters
        ----------
        again : bool or None
            Whether the same request may be sent a second time when the connection broke: None means GET only.
            (A kept connection that the service has closed meanwhile shows only when it is used.)

        Returns
        -------
        httpx.Response
            With a status below 400.

        Raises
        ------
        Unreachable, Problem
        """
        attempts = 2 if (method == "GET" if again is None else again) else 1
        while True:
            attempts -= 1
            try:
                response = self._http.request(method, path, params=params, json=json, content=content, headers=headers)
            except httpx.TransportError as error:
                retryable = not isinstance(error, httpx.ConnectError | httpx.TimeoutException)
                if attempts and retryable:
                    continue
                raise self.unreachable(error) from error
            if response.status_code >= 400:
                raise problem_from(response.status_code, response.content, response.headers)
            return response

    def json(self, method: str, path: str, **options: Any) -> Any:
        """Send one request; see `request`.

        Returns
        -------
        Any
            The answer's JSON; None for an empty answer.

        Raises
        ------
        Unreachable, Problem, UnreadableAnswer
        """
        response = self.request(method, path, **options)
        if response.status_code == 204:
            return None
        try:
            return response.json()
        except ValueError as error:
            raise self.unreadable(response) from error

    def items(self, path: str, params: dict[str, Any]) -> Iterator[Any]:
        """Walk through the pages of a list."""
        query = {**params, "limit": _PAGE}
        while True:
            page = self.json("GET", path, params=query)
            yield from page["items"]
            if not page.get("next_cursor"):
                return
            query["cursor"] = page["next_cursor"]

    def stream(self, path: str, *, headers: dict[str, str] | None = None) -> Any:
        """A context manager over the response to a GET, its body not yet read (``httpx.Client.stream``)."""
        return self._http.stream("GET", path, headers=headers)

    def unreachable(self, error: httpx.TransportError) -> Unreachable:
        """The error for a request that got no answer."""
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return Unreachable(f"Nothing answers at {self.url} ({error}).")
        if isinstance(error, httpx.TimeoutException):
            return Unreachable(f"{self.url} was silent for {self.timeout:g} s.")
        return Unreachable(f"The connection to {self.url} broke off ({error}).")

    def unreadable(self, response: httpx.Response) -> UnreadableAnswer:
        """The error for an answer of an unexpected form."""
        kind = response.headers.get("content-type", "no content type")
        return UnreadableAnswer(f"{response.url} answered {response.status_code} with {kind}: is that this service?")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
