"""A body is whole, or refused."""

from __future__ import annotations

import contextlib
import io
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.incoming_body import IncomingBody
from service.problems import Problem
from service.receiving import Receiving


class Trickle:
    """A source that gives fewer bytes than it is asked for, as sockets do."""

    def __init__(self, data: bytes, most: int = 3) -> None:
        self._data, self._most = io.BytesIO(data), most

    def read(self, size: int, /) -> bytes:
        return self._data.read(min(size, self._most))


def body(data: bytes, *, length: int | None, limit: int = 100, receiving: Receiving | None = None) -> IncomingBody:
    return IncomingBody(
        Trickle(data), length=length, limit=limit, take_place=(receiving or Receiving(1, patience=0)).take
    )


@given(st.binary(max_size=60), st.booleans(), st.integers(1, 70))
def test_a_whole_body_is_read_once_in_pieces_of_any_size(data: bytes, chunked: bool, size: int) -> None:
    length = None if chunked else len(data)
    assert body(data, length=length).read() == data
    pieces = body(data, length=length)
    found = b"".join(iter(lambda: pieces.read(size), b""))
    assert found == data
    assert pieces.read() == b""


@given(st.binary(max_size=60), st.integers(1, 30))
def test_a_body_that_is_shorter_than_it_said_is_refused(data: bytes, missing: int) -> None:
    with pytest.raises(Problem) as caught:
        body(data, length=len(data) + missing).read()
    assert caught.value.code == "incomplete_body"
    assert f"{len(data)} bytes" in caught.value.detail


def test_bytes_after_the_end_are_not_touched() -> None:
    source = io.BytesIO(b"abcNEXT")
    incoming = IncomingBody(source, length=3, limit=100, take_place=Receiving(1).take)
    assert incoming.read() == b"abc"
    assert source.read() == b"NEXT"


@pytest.mark.parametrize("length", [None, 11])
def test_a_body_over_the_limit_is_refused(length: int | None) -> None:
    assert body(b"x" * 10, length=length and 10, limit=10).read() == b"x" * 10
    with pytest.raises(Problem) as caught:
        body(b"x" * 11, length=length, limit=10).read()
    assert caught.value.code == "body_too_large"


@pytest.mark.parametrize(("data", "length"), [(b"abcdef", 6), (b"abcdef", None), (b"abc", 6), (b"x" * 200, None)])
def test_its_place_comes_back_however_it_ends(data: bytes, length: int | None) -> None:
    receiving = Receiving(1, patience=0)
    incoming = body(data, length=length, receiving=receiving)
    assert receiving.under_way == 0
    incoming.read(1)
    assert receiving.under_way == 1
    with contextlib.suppress(Problem):
        incoming.read()
    assert receiving.under_way == 0
    abandoned = body(data, length=length, receiving=receiving)
    abandoned.read(1)
    abandoned.close()
    assert receiving.under_way == 0
    assert abandoned.read() == b""


def test_an_empty_body_takes_no_place() -> None:
    receiving = cast(Receiving, None)
    assert body(b"", length=0, receiving=receiving).read() == b""
