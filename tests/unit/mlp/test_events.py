"""An event stream is read as the standard says."""

from __future__ import annotations

import pytest

from mlp.events import ServerEvent, lines, parse

STREAM = (
    '\ufeffretry: 2000\n: a comment\n\nevent: epoch\nid: 1\ndata: {"label": "a\u2028ü"}\n\n'
    "data: first\rdata:second\r\r"
    "event: status\r\ndata:  two spaces\r\n\r\n"
    "event: nothing\n\n"
    "id: 9\ndata: last, without its empty line\n"
).encode()
EVENTS = [
    ServerEvent("epoch", '{"label": "a\u2028ü"}', "1", 2000),
    ServerEvent("message", "first\nsecond", "1", 2000),
    ServerEvent("status", " two spaces", "1", 2000),
]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 64, 10_000])
def test_events_are_the_same_wherever_the_bytes_are_cut(size: int) -> None:
    chunks = [STREAM[start : start + size] for start in range(0, len(STREAM), size)]
    assert list(parse(chunks)) == EVENTS


def test_a_line_ends_at_cr_lf_or_both_and_nowhere_else() -> None:
    assert list(lines([b"a\r", b"\nb\rc\n", "d\u2028e\x0bf\n".encode(), b"cut"])) == ["a", "b", "c", "d\u2028e\x0bf"]
    assert list(lines([b"a\r"])) == ["a"]


def test_an_id_with_a_nul_and_a_retry_that_is_no_number_are_passed_over() -> None:
    assert list(parse([b"id: a\0b\nretry: 2s\nretry: \xc2\xb2\nunknown: x\nbare\ndata\n\ndata: y\n\n"])) == [
        ServerEvent("message", "", None, None),
        ServerEvent("message", "y", None, None),
    ]
