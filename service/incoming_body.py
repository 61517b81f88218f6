"""A request's body as it comes in, counted against its Content-Length and against a limit; knows no web framework.

The server says that a body has ended in the same way whether it came whole or its client has gone, so that only the
count tells a whole one from a part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from service.problems import Problem
from service.receiving import Place

_PIECE_BYTES = 1 << 20


class Source(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""
        ...


class IncomingBody:
    """The bytes of a body, each once.

    Parameters
    ----------
    source : Source
        Gives the bytes as the client sends them.
    length : int or None
        What Content-Length says; None for a chunked body, whose end is the source's.
    limit : int
        Most bytes.
    take_place : callable
        Called before the first byte is waited for; may raise.
    """

    def __init__(self, source: Source, *, length: int | None, limit: int, take_place: Callable[[], Place]) -> None:
        self._source = source
        self._length = length
        self._limit = limit
        self._take_place = take_place
        self._place: Place | None = None
        self._count = 0
        self._ended = length == 0

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, all that are left for −1; none at the end.

        Raises
        ------
        Problem
            413 ``body_too_large``; 400 ``incomplete_body``; 503 ``too_many_uploads``.
        """
        if size >= 0:
            return self._piece(size)
        pieces = []
        while piece := self._piece(_PIECE_BYTES):
            pieces.append(piece)
        return b"".join(pieces)

    def close(self) -> None:
        """Read no more, and make room for another body."""
        self._ended = True
        if self._place is not None:
            self._place.give_back()

    def _piece(self, size: int) -> bytes:
        if self._ended or size == 0:
            return b""
        if self._length is not None and self._length > self._limit:
            raise too_large(self._limit)
        if self._place is None:
            self._place = self._take_place()
        most = self._limit + 1 if self._length is None else self._length
        piece = self._source.read(min(size, most - self._count))
        self._count += len(piece)
        if self._count > self._limit:
            self.close()
            raise too_large(self._limit)
        if not piece and self._length is not None:
            self.close()
            detail = f"The body ended after {self._count:,} bytes; its Content-Length is {self._length:,}."
            raise Problem("incomplete_body", detail)
        if not piece or self._count == self._length:
            self.close()
        return piece


def too_large(limit: int) -> Problem:
    """The problem of a body over the limit."""
    return Problem("body_too_large", f"The body is larger than {limit:,} bytes.")
