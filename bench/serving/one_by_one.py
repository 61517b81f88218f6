"""Load of large requests: one connection, one request after the other, whole ones only.

So few fit into a window that wrk, which divides by the window's length, would be off by the one that it cuts.
"""

from __future__ import annotations

import time

from bench.serving.paced import complete, connected, percentile
from bench.serving.wrk import Window

LEAST_REQUESTS = 3


def load(request: bytes, port: int, *, seconds: float) -> Window:
    """Ask until so much time has passed, at least three times; the rate is that of whole requests.

    Raises
    ------
    OSError
        The server closed the connection, or did not answer in time.
    """
    latencies: list[float] = []
    errors = 0
    with connected(port) as line:
        start = now = time.perf_counter()
        while now < start + seconds or len(latencies) < LEAST_REQUESTS:
            line.sendall(request)
            answer = b""
            while not complete(answer):
                part = line.recv(1 << 20)
                if not part:
                    raise ConnectionError("the server closed the connection")
                answer += part
            before, now = now, time.perf_counter()
            latencies.append(now - before)
            errors += not answer.startswith(b"HTTP/1.1 2")
    p50, p99 = (1e3 * percentile(latencies, share) for share in (0.5, 0.99))
    return Window(len(latencies) / (now - start), p50, p99, errors)
