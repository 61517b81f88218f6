"""Load by wrk: what it is told, and what is read from what it says."""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bench.serving import one_by_one, paced, wrk
from bench.serving.questions import Question


def test_a_window_is_read_from_the_line_that_our_script_writes() -> None:
    output = "Running 5s test\n  1 threads and 16 connections\nbench-serve 50000 5000000 812 1720 0 0 0 0 0\n"
    assert wrk.parsed(output) == wrk.Window(rate=10_000.0, p50=0.812, p99=1.72, errors=0)


@pytest.mark.parametrize("place", range(5))
def test_errors_of_every_kind_are_counted(place: int) -> None:
    counts = ["0"] * 5
    counts[place] = "3"
    assert wrk.parsed(f"bench-serve 10 1000000 1 1 {' '.join(counts)}\n").errors == 3


def test_no_answer_at_all_is_an_error() -> None:
    assert wrk.parsed("bench-serve 0 5000000 0 0 0 0 0 0 0\n") == wrk.Window(0.0, 0.0, 0.0, 1)


def test_what_says_nothing_of_requests_is_told() -> None:
    with pytest.raises(RuntimeError, match="unable to connect"):
        wrk.parsed("", "unable to connect to 127.0.0.1:1 Connection refused")


class _Door(BaseHTTPRequestHandler):
    """Answers with the length of the body; every tenth request fails where the path says so."""

    protocol_version = "HTTP/1.1"
    asked = 0

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).asked += 1
        fails = self.path == "/some" and type(self).asked % 10 == 0
        answer = json.dumps([len(body), self.headers["Content-Type"]]).encode()
        self.send_response(500 if fails else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Door) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join(10)


def _question(path: str) -> Question:
    return Question("POST", path, bytes(range(256)), lambda _, body: json.loads(body), {"Content-Type": "x/y"})


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
@pytest.mark.parametrize("path", ["/all", "/some"])
def test_wrk_sends_the_body_as_it_is_and_counts_what_fails(port: int, path: str, tmp_path: Path) -> None:
    assert _question("/all").ask(port) == [256, "x/y"]
    window = wrk.load(_question(path), port, connections=2, seconds=1, cores=[0], folder=tmp_path)
    assert window.rate > 0
    assert (window.errors > 0) == (path == "/some")


@pytest.mark.parametrize("path", ["/all", "/some"])
def test_a_paced_load_asks_as_often_as_told_and_counts_what_fails(port: int, path: str) -> None:
    _Door.asked = 0
    window = paced.load(_question(path).raw(port), port, rate=50, seconds=0.6, connections=4)
    assert _Door.asked == 30
    assert window.errors == (3 if path == "/some" else 0)
    assert 0 < window.p50 <= window.p99


def test_large_requests_are_asked_one_by_one_and_what_fails_is_counted(port: int) -> None:
    _Door.asked = 0
    window = one_by_one.load(_question("/some").raw(port), port, seconds=0.2)
    assert window.errors == _Door.asked // 10
    assert window.rate == pytest.approx(_Door.asked / 0.2, rel=0.5)
    _Door.asked = 0
    one_by_one.load(_question("/all").raw(port), port, seconds=0.0)
    assert _Door.asked == one_by_one.LEAST_REQUESTS


def test_the_lua_is_lua_without_a_function_that_is_called_for_each_request(tmp_path: Path) -> None:
    text = wrk.script(_question("/all"), tmp_path / "body")
    assert "function request" not in text
    assert "function response" not in text
    assert "%d %d %d %d %d %d %d %d %d\\n" in text


def test_the_version_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "wrk 4.1.0 [epoll] Copyright (C) 2012 Will Glozer\n"
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 1, stdout=said))
    assert wrk.version() == "wrk 4.1.0 [epoll]"
