"""Load by wrk: as many requests as so many connections can wait for, and what it says of them.

Each connection sends its next request when it has its answer: a closed loop, whose latencies tell how long a client
waits at that number of connections, not at a given rate (`bench.serving.paced`).
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.serving.questions import Question

MARK = "bench-serve "
_COUNTS = ("connect", "read", "write", "status", "timeout")
_DONE = f"""
function done(summary, latency, requests)
  io.write(string.format('{MARK}%d %d %d %d {" ".join(["%d"] * len(_COUNTS))}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    {", ".join(f"summary.errors.{each}" for each in _COUNTS)}))
end
"""


@dataclass(frozen=True)
class Window:
    """What one window measured: requests a second, latencies in ms, and requests that were not answered well."""

    rate: float
    p50: float
    p99: float
    errors: int


def script(question: Question, body: Path) -> str:
    """The Lua that sets the request, which wrk writes once and sends again and again.

    Without a function `request` or `response`: they would be called for each one.
    """
    lines = [f"wrk.method = {json.dumps(question.method)}"]
    lines += [f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in question.headers.items()]
    if question.body:
        lines += [f'local f = io.open({json.dumps(str(body))}, "rb")', 'wrk.body = f:read("*a")', "f:close()"]
    return "\n".join([*lines, _DONE])


def load(
    question: Question, port: int, *, connections: int, seconds: float, cores: Sequence[int], folder: Path
) -> Window:
    """Load a server for so long, from those cores.

    Raises
    ------
    RuntimeError
        wrk is missing, or said nothing that can be read.
    """
    program = shutil.which("wrk")
    if program is None:
        raise RuntimeError("wrk is not installed (Debian's package is called wrk)")
    body, lua = folder / "body", folder / "request.lua"
    body.write_bytes(question.body)
    lua.write_text(script(question, body), "utf-8")
    command = ["taskset", "-c", ",".join(map(str, cores)), program, f"-t{min(len(cores), connections)}"]
    command += [f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "30s", "-s", str(lua)]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{port}{question.path}"],
        capture_output=True,
        text=True,
        timeout=seconds + 60,
        check=False,
    )
    return parsed(done.stdout, done.stderr)


def parsed(output: str, complaint: str = "") -> Window:
    """A window from what wrk wrote: every error counts, and no answer at all is one."""
    for line in output.splitlines():
        if line.startswith(MARK):
            requests, microseconds, p50, p99, *counts = map(int, line.removeprefix(MARK).split())
            errors = sum(counts)
            if not requests:
                return Window(0.0, 0.0, 0.0, max(errors, 1))
            return Window(requests / (microseconds / 1e6), p50 / 1e3, p99 / 1e3, errors)
    raise RuntimeError(f"wrk said nothing of its requests: {(complaint or output)[-300:].strip()}")


def version() -> str:
    """What wrk calls itself."""
    done = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False)
    return done.stdout.split("Copyright")[0].strip()
