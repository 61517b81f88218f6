"""The API as a process of its own: granian, sockets, signals."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from store.settings import Settings
from tests.support.workers import Part, wait_until

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def served(settings: Settings, tmp_path: Path) -> Iterator[tuple[Part, str]]:
    """The server on a free port, and its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = settings.model_copy(update={"port": port})
    part = Part("service.server", settings, tmp_path / "api.log", "Started worker-1")
    with part:
        yield part, f"http://127.0.0.1:{port}"


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_it_serves_beside_idle_connections_and_stops_while_a_stream_is_open(served: tuple[Part, str]) -> None:
    part, url = served
    port = int(url.rpartition(":")[2])
    idle = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(200)]
    for connection in idle:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
    with httpx.Client(base_url=url, timeout=10) as client:
        table = ["a,b\n", *(f"{n},{n % 2 == 0}\n" for n in range(60))]
        upload = client.post(
            "/datasets?name=t", content=(line.encode() for line in table), headers={"Content-Type": "text/csv"}
        )
        assert (upload.status_code, upload.json()["rows"]) == (201, 60)
        job = client.post("/train", json={"dataset": "t", "target": "b"}).json()
        assert client.get("/readyz").status_code == 200
        with client.stream("GET", f"/jobs/{job['id']}/events") as stream:
            lines = stream.iter_lines()
            wait_until(lambda: next(lines).startswith("event: status"), what="the first status")
            serving = part.children()
            assert serving
            started = time.monotonic()
            os.kill(part.pid, signal.SIGTERM)
            assert not any(line.startswith("event") for line in lines)  # it ends, and clients resume
        wait_until(lambda: not part.running, seconds=10, what="the server's end")
        assert time.monotonic() - started < 4
    assert not any(_lives(pid) for pid in serving)
    for connection in idle:
        connection.close()


def test_a_serving_process_is_replaced_when_it_dies_and_dies_with_the_main_one(served: tuple[Part, str]) -> None:
    part, url = served
    (first,) = part.children()
    os.kill(first, signal.SIGKILL)

    def answers() -> bool:
        try:
            return httpx.get(f"{url}/healthz", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    wait_until(lambda: first not in part.children() and answers(), seconds=60, what="another serving process")
    serving = part.children()
    assert serving
    os.kill(part.pid, signal.SIGKILL)
    wait_until(lambda: not any(_lives(pid) for pid in serving), seconds=10, what="the serving processes' end")
