"""A load at a given rate: latencies count from when a request was due."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench.serving import paced

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@contextmanager
def _slow_server(held_seconds: float) -> Iterator[int]:
    """A server that answers its first request late, and the others at once."""
    release = threading.Event()

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            first = True
            while connection.recv(1 << 16):
                if first:
                    release.wait(held_seconds)
                first = False
                connection.sendall(ANSWER)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield listener.getsockname()[1]
        release.set()
        thread.join(10)


def test_a_stall_is_charged_to_every_request_that_was_due_meanwhile() -> None:
    with _slow_server(0.5) as port:
        window = paced.load(b"GET / HTTP/1.1\r\n\r\n", port, rate=20, seconds=0.5, connections=1)
    # Due at 0, 50, … 450 ms and answered from 500 ms on: waits of 500, 450, … 50 ms, although only one was slow.
    assert window.errors == 0
    assert window.p50 > 240
    assert window.p99 >= 499


def test_the_percentile_is_one_of_the_values() -> None:
    values = [float(each) for each in range(100, 0, -1)]
    assert (paced.percentile(values, 0.5), paced.percentile(values, 0.99)) == (50.0, 99.0)
    assert paced.percentile([3.0], 0.99) == 3.0


@pytest.mark.parametrize("cut", range(1, len(ANSWER)))
def test_an_answer_is_complete_with_its_last_byte(cut: int) -> None:
    assert not paced.complete(ANSWER[:cut])
    assert paced.complete(ANSWER)


def test_an_answer_of_unknown_length_is_refused() -> None:
    with pytest.raises(ValueError, match="Content-Length"):
        paced.complete(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
