"""The parser of a Server-Sent Events stream (WHATWG HTML, "Interpreting an event stream").

Lines end at CR, LF or CRLF and nowhere else: ``str.splitlines`` would also cut at U+2028, which JSON text may hold.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_LINE_END = re.compile("\r\n|\r|\n")


@dataclass(frozen=True)
class ServerEvent:
    """One event of a stream.

    Attributes
    ----------
    event : str
        Its name; ``message`` where none was given.
    data : str
        Its data lines, joined by newlines.
    id : str or None
        The id in force when it was sent, what ``Last-Event-ID`` should say; None before the first.
    retry : int or None
        Milliseconds to wait before a reconnect, as last told by the server.
    """

    event: str
    data: str
    id: str | None = None
    retry: int | None = None


def lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Cut a stream of UTF-8 bytes into lines; an unfinished last line is dropped, as the standard asks."""
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    rest = ""
    for chunk in chunks:
        rest += decode(chunk)
        start = 0
        for end in _LINE_END.finditer(rest):
            if end.group() == "\r" and end.end() == len(rest):
                break  # its LF may come in the next chunk
            yield rest[start : end.start()]
            start = end.end()
        rest = rest[start:]
    if rest.endswith("\r"):
        yield rest[:-1]


def parse(chunks: Iterable[bytes]) -> Iterator[ServerEvent]:
    """Read events from the chunks of a response's body.

    Parameters
    ----------
    chunks : iterable of bytes
        Cut anywhere, inside a character too.

    Yields
    ------
    ServerEvent
        Comments are passed over; an event without data, or without its closing empty line, is not one.
    """
    name, last_id, retry = "", None, None
    data: list[str] = []
    for number, line in enumerate(lines(chunks)):
        if number == 0:
            line = line.removeprefix("\ufeff")
        if not line:
            if data:
                yield ServerEvent(name or "message", "\n".join(data), last_id, retry)
            name, data = "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif field == "id" and "\0" not in value:
            last_id = value
        elif field == "retry" and value.isascii() and value.isdigit():
            retry = int(value)
