"""Whether bytes are text at all: some, in UTF-8, without NUL."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from store.ingest.errors import unparseable
from store.ingest.limits import Limits
from store.ingest.names import check_column_count

CHUNK = 4 << 20
_QUOTE, _COMMA, _NEWLINE, _RETURN = b'",\n\r'


@dataclass(frozen=True)
class TextFacts:
    """What one pass over the bytes showed.

    Parameters
    ----------
    size : int
        Bytes.
    open_quote : bool
        Whether the last quote may never be closed: their number is odd, and the last row does not end in one. (An inch
        mark in a cell without quotes makes it odd too.)
    """

    size: int
    open_quote: bool


def check_text(stream: BinaryIO, limits: Limits) -> TextFacts:
    """Read the stream through once.

    Raises
    ------
    IngestError
        ``empty_file``, ``nul_byte``, ``not_utf8`` (unparseable); ``too_many_columns``.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    size = quotes = 0
    last = b""
    while chunk := stream.read(CHUNK):
        if size == 0:
            _check_start(chunk, limits)
        nul = chunk.find(b"\0")
        if nul >= 0:
            raise _bad(stream, size + nul, "nul_byte", "A NUL byte stands at byte {offset:,}{place}; text has none.")
        held = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            raise _not_utf8(stream, size - held + error.start) from None
        size += len(chunk)
        quotes += chunk.count(b'"')
        last = chunk.rstrip(b"\r\n")[-1:] or last
    try:
        held = len(decoder.getstate()[0])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise _not_utf8(stream, size - held) from None
    if size == 0:
        raise unparseable("empty_file", "The file is empty.")
    return TextFacts(size, quotes % 2 == 1 and last != b'"')


def _check_start(chunk: bytes, limits: Limits) -> None:
    if chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise unparseable("not_utf8", "The file is in UTF-16; save it as UTF-8.")
    # A header of millions of names would cost the parser gigabytes before it could be counted.
    codes, outside = _codes(chunk), _outside_quotes(chunk) == 1
    ends = np.flatnonzero(outside & ((codes == _NEWLINE) | (codes == _RETURN)))
    end = int(ends[0]) if ends.size else len(chunk)
    check_column_count(int(np.sum(outside[:end] & (codes[:end] == _COMMA))) + 1, limits)


def _not_utf8(stream: BinaryIO, offset: int) -> Exception:
    detail = "The file is not UTF-8: byte {offset:,}{place} begins no character. Save it as UTF-8."
    return _bad(stream, offset, "not_utf8", detail)


def _bad(stream: BinaryIO, offset: int, code: str, detail: str) -> Exception:
    row = _row_at(stream, offset)
    place = f" (row {row:,})" if row else " (in the header)"
    return unparseable(code, detail.format(offset=offset, place=place), row=row or None)


def _row_at(stream: BinaryIO, offset: int) -> int:
    """The data row that holds the byte: the ends of rows before it, outside quotes; 0 is the header."""
    stream.seek(0)
    row, inside = 0, False
    while offset > 0 and (chunk := stream.read(min(CHUNK, offset))):
        offset -= len(chunk)
        outside = _outside_quotes(chunk, inside=inside)
        row += int(np.sum((outside == 1) & (_codes(chunk) == _NEWLINE)))
        inside ^= chunk.count(b'"') % 2 == 1
    return row


def _codes(chunk: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(chunk, np.uint8)


def _outside_quotes(chunk: bytes, *, inside: bool = False) -> NDArray[np.int64]:
    """1 for each byte outside quotes, 0 for each inside: of the quotes up to it, an even number."""
    return (np.cumsum(_codes(chunk) == _QUOTE) + 1 + int(inside)) % 2
