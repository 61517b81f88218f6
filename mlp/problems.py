"""What can go wrong when one talks to the service, by name.

MLPClientError
├── Unreachable          no answer: nothing listens there, or it took too long
├── UnreadableAnswer     an answer that is not the service's (another program on that port?)
├── Problem              the service said no (RFC 9457 ``application/problem+json``)
│   ├── BadRequest       400, 413, 414, 415: it could not be read
│   ├── NotFound         404
│   ├── Conflict         409: a state in the way
│   ├── Unacceptable     422: read, but not acceptable
│   ├── TooManyRequests  429
│   └── ServerTrouble    5xx
├── JobFailed            ``wait``: the job ended, and not well
└── WaitedTooLong        ``wait``: the job goes on, the patience ended
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


class MLPClientError(Exception):
    """Root of the client's errors.

    Attributes
    ----------
    detail : str
        A sentence for a person.
    status : int or None
        HTTP status; None where there was no answer.
    code : str
        Stable name to switch on.
    errors : list of dict
        Places in the request: ``pointer`` or ``parameter``, ``code``, ``detail`` (and ``row``, ``column``); at most 20.
    """

    status: int | None = None
    code: str = "client_error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors: list[dict[str, Any]] = []


class Unreachable(MLPClientError):
    """No answer from the service."""

    code = "unreachable"


class UnreadableAnswer(MLPClientError):
    """An answer, but not one that the service gives."""

    code = "unreadable_answer"


class Problem(MLPClientError):
    """The service said no.

    Parameters
    ----------
    status : int
    code, detail : str
    errors : sequence of mapping
    title : str
    request_id : str or None
        ``X-Request-Id`` of the answer: what an operator searches the log for.
    retry_after : float or None
        Seconds to wait, where the service said so.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: Sequence[Mapping[str, Any]] = (),
        *,
        title: str = "",
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.title = status, code, title
        self.errors = [dict(error) for error in errors]
        self.request_id, self.retry_after = request_id, retry_after

    def __str__(self) -> str:
        places = "".join(f"\n  {place(error)}{error.get('detail', '')}" for error in self.errors)
        return f"{self.detail} ({self.status} {self.code}){places}"


class BadRequest(Problem):
    """400, 413, 414, 415 or another refusal to read what was sent."""


class NotFound(Problem):
    """404: something named does not exist."""


class Conflict(Problem):
    """409: a state in the way."""


class Unacceptable(Problem):
    """422: it could be read, and cannot be accepted."""


class TooManyRequests(Problem):
    """429: later, see ``retry_after``."""


class ServerTrouble(Problem):
    """5xx: the service's own trouble."""


class JobFailed(MLPClientError):
    """The job ended as failed or cancelled.

    Parameters
    ----------
    job : mapping
        The job as the service gives it.
    """

    def __init__(self, job: Mapping[str, Any]) -> None:
        error = job.get("error") or {}
        hint = f" {error['hint']}" if error.get("hint") else ""
        super().__init__(f"Job {job.get('id')} {job.get('status')}: {error.get('detail', 'no reason given')}{hint}")
        self.job = job
        self.code = str(error.get("code") or f"job_{job.get('status')}")


class WaitedTooLong(MLPClientError):
    """The job had not ended when the time given to ``wait`` was over; it goes on."""

    code = "waited_too_long"


_CLASSES: dict[int, type[Problem]] = {
    404: NotFound,
    409: Conflict,
    422: Unacceptable,
    429: TooManyRequests,
}


def place(error: Mapping[str, Any]) -> str:
    """Where in the request one entry of ``errors`` points, ready to stand before its detail."""
    parts = [str(error[key]) for key in ("pointer", "parameter") if error.get(key)]
    parts += [f"{key} {error[key]}" for key in ("row", "column") if error.get(key) is not None]
    return f"{', '.join(parts)}: " if parts else ""


def problem_from(status: int, body: bytes, headers: Mapping[str, str]) -> Problem:
    """Read an error answer, problem+json or not.

    Parameters
    ----------
    status : int
        400 to 599.
    body : bytes
    headers : mapping
        With names in lower case, or case-insensitive.

    Returns
    -------
    Problem
        Of the class of its status; ``code`` is ``http_<status>`` when the body names none.
    """
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        document = {}
    kind = ServerTrouble if status >= 500 else _CLASSES.get(status, BadRequest)
    errors = document.get("errors")
    return kind(
        status,
        str(document.get("code") or f"http_{status}"),
        str(document.get("detail") or document.get("title") or f"The service answered {status} without a reason."),
        [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else (),
        title=str(document.get("title") or ""),
        request_id=headers.get("x-request-id"),
        retry_after=_seconds(headers.get("retry-after")),
    )


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isdecimal() else None
