"""What every request passes before an answer is made, and every answer before it leaves; knows no web framework.

A page on the web must not reach a service on somebody's laptop: the Host header must name this service (else a
rebound DNS name would do), and a change must not come from a page of another origin.
"""

from __future__ import annotations

import ipaddress
import itertools
import os
import re
from collections.abc import Iterable, Sequence
from functools import cache
from urllib.parse import urlsplit

from ulid import ULID

from service.problems import Problem, problem_at

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\";\s]*)", re.IGNORECASE)
_LAST_PORT = 65535
_MOST_KNOWN = 1000
_numbers = itertools.count()
_DEFAULT_PORTS = {"http": 80, "https": 443}

_SECURITY_HEADERS: Sequence[tuple[str, str]] = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
CONTENT_SECURITY_POLICY = "default-src 'none'; frame-ancestors 'none'"


class Gate:
    """The rules of the door.

    Parameters
    ----------
    allowed_hosts : iterable of str
        Names accepted in the Host header besides those of loopback; ports are ignored.
    max_address_bytes : int
        Longest path and query together.
    """

    def __init__(self, allowed_hosts: Iterable[str], *, max_address_bytes: int) -> None:
        self._known: set[str] = set()  # Host headers that were let in
        self._hosts = frozenset(host.strip().lower() for host in allowed_hosts if host.strip())
        self._max_address_bytes = max_address_bytes

    def check(self, *, method: str, path: str, query: str, host: str | None, origin: str | None) -> None:
        """Let the request in, or say why not.

        Raises
        ------
        Problem
            403 ``host_not_allowed`` or ``foreign_origin``; 414 ``address_too_long``; 400 ``invalid_address``.
        """
        if host is None or not self._is_ours(host):
            detail = "The Host header must name this service; MLP_ALLOWED_HOSTS lists further names."
            raise problem_at("host_not_allowed", detail, parameter="Host")
        if method not in SAFE_METHODS and origin is not None and not _same_origin(origin, host):
            detail = "Changes are taken from this service's own pages and from programs, not from other origins."
            raise problem_at("foreign_origin", detail, parameter="Origin")
        length = len(path.encode("utf-8", "surrogateescape")) + 1 + len(query)
        if length > self._max_address_bytes:
            detail = f"The address has {length} bytes; at most {self._max_address_bytes} are read."
            if path == "/predict":
                detail += " Send the features to POST /predict instead, which takes them in its body."
            raise Problem("address_too_long", detail)
        if "\x00" in path:
            raise Problem("invalid_address", "The path holds a NUL byte.")

    def _is_ours(self, host: str) -> bool:
        if host in self._known:
            return True
        name = _name_of(host)
        ours = name is not None and (name in self._hosts or name == "localhost" or _is_loopback(name))
        if ours and len(self._known) < _MOST_KNOWN:
            self._known.add(host)
        return ours


def demand_json(content_type: str | None) -> None:
    """Refuse a body that is not said to be JSON.

    Raises
    ------
    Problem
        415 ``unsupported_media_type``.
    """
    if media_type(content_type) != "application/json":
        detail = f"Send the body as application/json, not as {content_type or 'a body without a Content-Type'}."
        raise problem_at("unsupported_media_type", detail, parameter="Content-Type")
    demand_utf8(content_type)


def demand_utf8(content_type: str | None) -> None:
    """Refuse a text that is said to be in another encoding than UTF-8.

    Raises
    ------
    Problem
        415 ``unsupported_media_type``.
    """
    found = _CHARSET.search(content_type or "")
    if found and found[1].lower().replace("_", "-") not in ("utf-8", "utf8", "us-ascii"):
        detail = f"Send the body in UTF-8, not in {found[1][:40]}."
        raise problem_at("unsupported_media_type", detail, parameter="Content-Type")


def refuse_encoding(content_encoding: str | None) -> None:
    """Refuse a body that is said to be compressed: it would be read as it stands.

    Raises
    ------
    Problem
        415 ``unsupported_media_type``.
    """
    if (content_encoding or "identity").strip().lower() != "identity":
        detail = f"Send the body as it is, not in the encoding {str(content_encoding)[:40]}."
        raise problem_at("unsupported_media_type", detail, parameter="Content-Encoding")


def media_type(content_type: str | None) -> str:
    """The media type of a Content-Type header, without its parameters, in lower case."""
    return (content_type or "").partition(";")[0].strip().lower()


def request_id(incoming: str | None) -> str:
    """The client's own id of the request where it has a sound form, else a new one, which no other process gives."""
    if incoming is not None and _REQUEST_ID.fullmatch(incoming):
        return incoming
    return f"req_{_of_process(os.getpid())}{next(_numbers):010X}"


@cache
def _of_process(_pid: int) -> str:
    """What the ids of this process begin with."""
    return str(ULID())


def answer_headers(identifier: str) -> list[tuple[str, str]]:
    """The headers that every answer carries."""
    return [("X-Request-Id", identifier), *_SECURITY_HEADERS]


def json_headers(identifier: str) -> list[tuple[str, str]]:
    """The headers of an answer that no page shows: those of every answer, and that it may load nothing."""
    return [*answer_headers(identifier), ("Content-Security-Policy", CONTENT_SECURITY_POLICY)]


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _name_of(host: str) -> str | None:
    """The name or address of a Host header, without its port; None where it has another form."""
    found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::([0-9]{1,5}))?", host)
    if found is None or int(found[3] or 0) > _LAST_PORT:
        return None
    return str(found[1] or found[2]).lower()


def _same_origin(origin: str, host: str) -> bool:
    """Whether a page of this origin was served by this host; the scheme may change at a proxy."""
    try:
        page = urlsplit(origin)
        own = urlsplit(f"{page.scheme}://{host}")
        default = _DEFAULT_PORTS.get(page.scheme)
        return (
            page.hostname is not None
            and page.hostname == own.hostname
            and (page.port or default) == (own.port or default)
        )
    except ValueError:
        return False
