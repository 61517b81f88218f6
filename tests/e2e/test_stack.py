"""``mlp up`` starts, survives, stops, and goes on where it was."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mlp import Client
from mlp.child_stack import ChildStack
from mlp.home import with_code_path
from mlp.problems import MLPClientError
from mlp.sample import FLOWER, TARGET, iris_path

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="reads /proc, and only Linux ties a child to its parent"
)

PARTS = {"api": "service.server", "worker": "worker.main", "reaper": "worker.reaper", "redis": "redis-server"}
QUICK = {"MLP_WORKER_PROCESSES": "1"}


def until(condition: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"it did not happen within {seconds:g} s"
        time.sleep(0.02)


def stat(pid: int) -> tuple[str, int] | None:
    """A process's state and parent; None when there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return fields[0], int(fields[1])


def descendants(ancestor: int) -> dict[int, str]:
    """All living processes below one, with their command lines."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (found := stat(int(entry.name))) and found[0] != "Z":
            parents[int(entry.name)] = found[1]
    below = {ancestor}
    while more := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= more
    commands = {}
    for pid in below - {ancestor}:
        try:
            commands[pid] = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
    return commands


def first_process(stack: ChildStack, part: str) -> int | None:
    """The process of a part that the stack itself started."""
    assert stack.process is not None
    for pid, command in descendants(stack.process.pid).items():
        found = stat(pid)
        if found is not None and found[1] == stack.process.pid and PARTS[part] in command and "tether" not in command:
            return pid
    return None


def alive(pid: int) -> bool:
    found = stat(pid)
    return found is not None and found[0] != "Z"


def train(client: Client, model: str) -> str:
    """Train on iris, quickly; the job's id."""
    dataset = client.upload(iris_path())
    job = client.train(dataset["id"], TARGET, model=model, epochs=20)
    return client.wait(job["id"], timeout=60.0)["id"]


def label(client: Client, model: str) -> object:
    return client.predict(model, FLOWER)["predictions"][0]["label"]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChildStack]:
    """One running stack for the tests that leave it running."""
    with ChildStack(tmp_path_factory.mktemp("a folder with spaces") / "var", QUICK) as running:
        yield running


@pytest.fixture
def client(stack: ChildStack) -> Iterator[Client]:
    with Client(stack.url) as connected:
        yield connected


def test_it_says_when_each_part_is_ready(stack: ChildStack) -> None:
    lines = stack.output.read_text().splitlines()
    ready = [line.split()[1] for line in lines if line.startswith("✓") and line.endswith("ready")]
    assert sorted(ready) == ["api", "database", "reaper", "redis", "worker"]
    assert any(line.startswith(f"The service is at {stack.url}") for line in lines)


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
def test_the_three_printed_curl_lines_work_when_pasted_all_at_once(stack: ChildStack) -> None:
    pasted = "".join(f"{line}\n" for line in stack.output.read_text().splitlines() if line.startswith("curl "))
    assert pasted.count("\n") == 3
    done = subprocess.run(["bash", "-e"], input=pasted, capture_output=True, text=True, timeout=90, cwd="/")
    assert done.returncode == 0, done.stderr
    assert '"name":"iris"' in done.stdout.replace(" ", "")
    assert '"label":"setosa"' in done.stdout.replace(" ", "")


def test_a_second_start_says_who_holds_the_folder(stack: ChildStack) -> None:
    assert stack.process is not None
    second = subprocess.run(
        [sys.executable, "-m", "mlp", "up", "--port", "0", "--data-dir", str(stack.folder)],
        env=with_code_path(os.environ),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert second.returncode == 1
    assert f"process {stack.process.pid}, which serves {stack.url}" in second.stderr


def test_a_port_in_use_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "mlp", "up", "--port", str(port), "--data-dir", str(tmp_path)],
            env=with_code_path(os.environ),
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert f"Port {port} is in use" in done.stderr
    assert "ready" not in done.stdout


@pytest.mark.parametrize("part", list(PARTS))
def test_a_part_that_is_killed_is_back_within_two_seconds_and_the_service_works(
    stack: ChildStack, client: Client, part: str
) -> None:
    assert stack.process is not None
    killed = first_process(stack, part)
    assert killed is not None
    family = {killed, *descendants(killed)}
    os.kill(killed, signal.SIGKILL)
    until(lambda: first_process(stack, part) not in (None, killed), 2.0)
    until(lambda: not any(map(alive, family)), 5.0)
    until(client.ready, 30.0)
    train(client, f"after-{part}")
    assert label(client, f"after-{part}") == "setosa"


def test_it_goes_on_where_it_was_and_stops_clean(tmp_path: Path) -> None:
    with ChildStack(tmp_path, QUICK) as first, Client(first.url) as client:
        job = train(client, "kept")
        history = client.history(job)
        before = client.predict("kept", FLOWER)
        assert first.process is not None
        family = set(descendants(first.process.pid))
    assert not any(map(alive, family))
    with ChildStack(tmp_path, QUICK) as second, Client(second.url) as client:
        assert client.predict("kept", FLOWER) == before
        assert client.history(job) == history
        train(client, "kept")
        assert client.predict("kept", FLOWER)["version"] == 2


def test_the_signal_of_ctrl_c_stops_it_as_well(tmp_path: Path) -> None:
    stack = ChildStack(tmp_path, QUICK)
    stack.start()
    assert stack.process is not None
    family = set(descendants(stack.process.pid))
    stack.process.send_signal(signal.SIGINT)
    assert stack.process.wait(45.0) == 0
    assert not any(map(alive, family))


def test_killed_it_leaves_no_process_and_the_next_one_finishes_its_job(tmp_path: Path) -> None:
    stack = ChildStack(tmp_path, {**QUICK, "MLP_LEASE_SECONDS": "2"})
    stack.start()
    assert stack.process is not None
    with Client(stack.url) as client:
        dataset = client.upload(iris_path())
        job = client.train(dataset["id"], TARGET, epochs=20_000, early_stopping=None)["id"]
        until(lambda: client.job(job)["progress"]["epoch"] > 0, 30.0)
        family = set(descendants(stack.process.pid))
        assert len(family) >= 5
        stack.process.kill()
        stack.process.wait()
        until(lambda: not any(map(alive, family)), 5.0)
        with pytest.raises(MLPClientError):
            client.job(job)
    with ChildStack(tmp_path, {**QUICK, "MLP_LEASE_SECONDS": "2"}) as second, Client(second.url) as client:
        until(lambda: client.job(job)["status"] == "running", 30.0)
        client.cancel(job)
        until(lambda: client.job(job)["status"] == "cancelled", 30.0)
