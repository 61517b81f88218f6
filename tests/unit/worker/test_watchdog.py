"""A process whose training stands still is ended, whatever it is blocked in."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import ctypes, time
from worker.watchdog import Watchdog

watchdog = Watchdog(0.5)
for _ in range(20):
    watchdog.pat()
    time.sleep(0.05)
print("moved", flush=True)
{then}
print("went on", flush=True)
"""


def run(then: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", SCRIPT.format(then=then)], capture_output=True, text=True, timeout=20)


def test_a_process_blocked_in_c_code_with_the_interpreter_lock_is_ended() -> None:
    ended = run("ctypes.PyDLL(None).sleep(60)")
    assert (ended.returncode, ended.stdout) == (1, "moved\n")
    assert "Timeout" in ended.stderr
    assert "line 10 in <module>" in ended.stderr


def test_a_stopped_watchdog_ends_nothing() -> None:
    ended = run("watchdog.stop(); time.sleep(1)")
    assert (ended.returncode, ended.stdout) == (0, "moved\nwent on\n")
