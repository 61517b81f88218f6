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


CUT_OFF = {
    "a table": ("/datasets?name=cut", "text/csv", b"a,b\n1,2\n"),
    "a form": (
        "/datasets",
        "multipart/form-data; boundary=x",
        (
            b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\ncut\r\n'
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\na,b\n1,2\n\r\n--x--\r\n'
        ),
    ),
    "a JSON table": ("/datasets", "application/json", b'{"name":"cut","records":[{"a":1}]}'),
    "a training": ("/train", "application/json", b'{"dataset":"t","target":"b"}'),
    "a prediction": ("/predict", "application/json", b'{"model":"t","rows":[[1]]}'),
}


def _answer(connection: socket.socket) -> str:
    """All that comes until the other side has nothing more to say."""
    connection.settimeout(20)
    return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


def test_a_body_that_is_cut_off_is_refused_and_leaves_nothing(served: tuple[Part, str]) -> None:
    _, url = served
    port = int(url.rpartition(":")[2])
    with httpx.Client(base_url=url, timeout=20) as client:
        table = "a,b\n" + "".join(f"{n},{n % 2 == 0}\n" for n in range(60))
        client.post("/datasets?name=t", content=table, headers={"Content-Type": "text/csv"})
        for path, media, data in CUT_OFF.values():
            head = (
                f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {media}\r\nContent-Length: {len(data) + 9}"
            )
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(head.encode() + b"\r\n\r\n" + data)
                connection.shutdown(socket.SHUT_WR)
                answer = _answer(connection)
            assert answer.startswith("HTTP/1.1 400"), (path, answer)
            assert '"code":"incomplete_body"' in answer
        assert [each["name"] for each in client.get("/datasets").json()["items"]] == ["t"]
        assert client.get("/jobs").json()["items"] == []


def test_slow_bodies_do_not_stop_the_rest(served: tuple[Part, str]) -> None:
    _, url = served
    port = int(url.rpartition(":")[2])
    slow = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(40)]
    try:
        for connection in slow:
            connection.sendall(
                b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Content-Length: 100\r\n\r\n{"
            )
        for path, status in (("/healthz", 200), ("/jobs", 200), ("/predict?model=none", 404)):
            started = time.monotonic()
            assert httpx.get(url + path, timeout=20).status_code == status
            assert time.monotonic() - started < 2, path
        refused = httpx.post(f"{url}/train", json={}, timeout=20)
        assert (refused.status_code, refused.json()["code"]) == (503, "too_many_uploads")
        assert refused.headers["Retry-After"]
    finally:
        for connection in slow:
            connection.close()
    wait_until(lambda: httpx.post(f"{url}/train", json={}, timeout=20).status_code == 422, what="a free place")
