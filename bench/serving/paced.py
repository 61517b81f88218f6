"""Load at a given rate: requests go out when they are due, whether or not the former ones are answered.

A latency counts from the moment at which the request was due. A server that stalls is so charged for every request
that would have come meanwhile; a closed loop (wrk) would send fewer, and leave them out ("coordinated omission").
"""

from __future__ import annotations

import gc
import math
import re
import select
import socket
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from bench.serving.wrk import Window

GRACE_SECONDS = 10.0
ANSWER_SECONDS = 60.0
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass
class _Waiting:
    """A connection's request under way: when it was due, and what has come of its answer."""

    due: float
    answer: bytes = b""


def load(request: bytes, port: int, *, rate: float, seconds: float, connections: int) -> Window:
    """Send at that rate for so long, over the connections in turn; the caller's core is kept busy all the while.

    Returns
    -------
    Window
        Its rate is that of the answers that came by the last due moment: below the asked one, the server was too
        slow.
    """
    sockets = {each.fileno(): each for each in (connected(port) for _ in range(connections))}
    poll = select.epoll()
    for number in sockets:
        poll.register(number, select.EPOLLIN)
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _paced(request, sockets, poll, rate, seconds)
    finally:
        if collecting:
            gc.enable()
        poll.close()
        for each in sockets.values():
            each.close()


def percentile(values: Sequence[float], share: float) -> float:
    """The least of the values that so great a share of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def complete(answer: bytes) -> bool:
    """Whether a whole answer of a known length has come.

    Raises
    ------
    ValueError
        It does not say how long it is.
    """
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    length = _LENGTH.search(head)
    if length is None:
        raise ValueError("an answer without a Content-Length")
    return len(body) >= int(length[1])


def _paced(
    request: bytes, sockets: dict[int, socket.socket], poll: select.epoll, rate: float, seconds: float
) -> Window:
    idle, waiting = deque(sockets), dict[int, _Waiting]()
    count, sent, errors, in_time = max(1, round(rate * seconds)), 0, 0, 0
    latencies: list[float] = []
    start = time.perf_counter() + 0.01
    end = start + count / rate
    while sent < count or waiting:
        now = time.perf_counter()
        if now > end + GRACE_SECONDS:
            errors += count - len(latencies) - errors
            break
        due = start + sent / rate
        if sent < count and now >= due and idle:
            number = idle.popleft()
            sockets[number].sendall(request)
            waiting[number] = _Waiting(due)
            sent += 1
        for number, _ in poll.poll(0):
            under_way = waiting.get(number)
            part = sockets[number].recv(1 << 16)
            if under_way is None or not part:
                raise ConnectionError("the server closed a connection, or spoke unasked")
            under_way.answer += part
            if not complete(under_way.answer):
                continue
            now = time.perf_counter()
            if under_way.answer.startswith(b"HTTP/1.1 2"):
                latencies.append(now - under_way.due)
                in_time += now <= end
            else:
                errors += 1
            del waiting[number]
            idle.append(number)
    if not latencies:
        return Window(0.0, 0.0, 0.0, max(errors, 1))
    p50, p99 = (1e3 * percentile(latencies, share) for share in (0.5, 0.99))
    return Window(in_time / (end - start), p50, p99, errors)


def connected(port: int) -> socket.socket:
    """A connection that sends at once what it is given."""
    made = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made
