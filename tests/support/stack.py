"""The whole service as a process of its own, as `mlp up` runs it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 60.0
STOP_SECONDS = 30.0


@contextmanager
def running_stack(data_dir: Path, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """`mlp up` on free ports with its state in `data_dir`; gives its address, and ends it with SIGTERM.

    Raises
    ------
    RuntimeError
        When it did not say within a minute that it is ready, or did not stop clean; with what it printed.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "mlp", "up", "--port", "0", "--data-dir", str(data_dir)],
        env=os.environ | {"COLUMNS": "200"} | dict(environment or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: list[str] = []
    ready = threading.Event()
    reader = threading.Thread(target=_read, args=(process, lines, ready), daemon=True)
    reader.start()
    try:
        if not ready.wait(START_SECONDS) or (url := _url(lines)) is None:
            raise RuntimeError("The stack did not start:\n" + "".join(lines))
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(STOP_SECONDS)
    if process.returncode != 0:
        raise RuntimeError(f"The stack stopped with status {process.returncode}:\n" + "".join(lines))


def _read(process: subprocess.Popen[str], lines: list[str], ready: threading.Event) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if _url(lines) is not None:
            ready.set()
    process.stdout.close()
    ready.set()


def _url(lines: list[str]) -> str | None:
    found = re.search(r"The service is at (http://\S+)", "".join(lines))
    return found.group(1) if found else None
