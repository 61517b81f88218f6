"""A part ends with all that it has started, however it or the stack ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mlp.guardian import Guardian
from mlp.home import with_code_path
from mlp.part import ProcessPart, RedisPart
from mlp.redis_server import RedisServer, RedisServerError

FAMILY = """
import os, signal, sys, time
{before}
child = os.fork()
if child == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(300)
print("pids", os.getpid(), child, flush=True)
time.sleep(300)
"""


def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def family(folder: Path, guardian: Guardian, before: str = "") -> tuple[ProcessPart, list[int]]:
    """A started part with a child of its own that ignores SIGTERM, and the ids of both."""
    code = FAMILY.format(before=before)
    part = ProcessPart(
        "family", [sys.executable, "-c", code], os.environ, folder / "log", lambda part: part.said("pids"), guardian
    )
    part.start()
    until(part.ready)
    return part, [int(word) for word in (folder / "log").read_text().splitlines()[-1].split()[1:]]


def test_stopping_a_part_ends_its_children_too(tmp_path: Path) -> None:
    part, pids = family(tmp_path, Guardian())
    part.stop(5.0)
    assert not part.running
    until(lambda: not any(map(alive, pids)))


def test_a_part_that_will_not_end_is_ended_by_force(tmp_path: Path) -> None:
    part, pids = family(tmp_path, Guardian(), before="signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    started = time.monotonic()
    part.stop(0.2)
    assert time.monotonic() - started < 5.0
    until(lambda: not any(map(alive, pids)))


def test_what_a_dead_part_left_is_gone_before_it_starts_again(tmp_path: Path) -> None:
    part, (parent, child) = family(tmp_path, Guardian())
    os.kill(parent, signal.SIGKILL)
    until(lambda: not part.running)
    assert alive(child)
    part.start()
    try:
        until(lambda: not alive(child))
        assert part.running
        assert not part.said("pids 0")
    finally:
        part.stop(0.0)


STACK = """
import os, sys, time
from pathlib import Path
from mlp.guardian import Guardian
from mlp.part import ProcessPart
guardian = Guardian()
guardian.check()
part = ProcessPart("family", [sys.executable, "-c", sys.argv[2]], os.environ, Path(sys.argv[1]), bool, guardian)
part.start()
time.sleep(300)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_killed_stack_leaves_neither_parts_nor_their_children(tmp_path: Path) -> None:
    log = tmp_path / "log"
    stack = subprocess.Popen(
        [sys.executable, "-c", STACK, str(log), FAMILY.format(before="")], env=with_code_path(os.environ)
    )
    try:
        until(lambda: log.exists() and "pids" in log.read_text())
        pids = [int(word) for word in log.read_text().split()[1:]]
        assert all(map(alive, pids))
    finally:
        stack.kill()
        stack.wait()
    until(lambda: not any(map(alive, pids)))


def test_a_killed_guardian_is_replaced_by_one_that_knows_as_much(tmp_path: Path) -> None:
    guardian = Guardian()
    guardian.check()
    part, pids = family(tmp_path, guardian)
    first = guardian._process
    assert first is not None
    first.kill()
    first.wait()
    guardian.check()
    assert guardian._process is not first
    guardian.close()  # the end of its input, as when the stack is killed
    until(lambda: not any(map(alive, pids)))
    part.stop(0.0)


def test_a_process_whose_parent_has_gone_meanwhile_does_not_start(tmp_path: Path) -> None:
    from mlp import tether

    mark = tmp_path / "mark"
    nobody = "999999999"
    done = subprocess.run([sys.executable, tether.__file__, nobody, "/bin/touch", str(mark)], capture_output=True)
    assert done.returncode == 1
    assert not mark.exists()


def test_only_the_first_start_of_redis_may_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = RedisServer(tmp_path)
    part = RedisPart(server)

    def refuse() -> None:
        raise RedisServerError("no")

    with monkeypatch.context() as patch, pytest.raises(RedisServerError):
        patch.setattr(server, "start", refuse)
        part.start()
    part.start()
    try:
        url = server.url
        server.kill()
        assert not part.running
        with monkeypatch.context() as patch:
            patch.setattr(server, "start", refuse)
            part.start()
        assert not part.running
        part.start()
        assert part.running
        assert server.url == url
    finally:
        part.stop(5.0)
