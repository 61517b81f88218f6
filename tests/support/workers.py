"""Workers and reapers as real processes, started on a test's settings."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from store.settings import Settings

T = TypeVar("T")


def wait_until(condition: Callable[[], T], *, seconds: float = 30.0, what: str = "the condition") -> T:
    """The first truthy value of `condition`, looked at every few milliseconds; a failure after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come about within {seconds:g} s")


def environment(settings: Settings) -> dict[str, str]:
    """This process's environment, with the settings as ``MLP_…`` variables."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MLP_")}
    return ours | {f"MLP_{name.upper()}": str(value) for name, value in settings.model_dump().items()}


class Part:
    """One process of the service in a process group of its own; a context manager.

    Parameters
    ----------
    module : str
        Run as ``python -m module``.
    settings : Settings
    log : Path
        Where its output goes; kept over restarts.
    ready : str
        What it logs once it works.
    """

    def __init__(self, module: str, settings: Settings, log: Path, ready: str) -> None:
        self._module, self._settings, self.log, self._ready = module, settings, log, ready
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def pid(self) -> int:
        """Id of the process, which is its group's too."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self, *, wait: bool = True) -> None:
        """Start it, and wait until it is ready."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._module],
                env=environment(self._settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if wait:
            self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until it is ready."""

        def ready() -> bool:
            assert self.running, f"{self._module} ended:\n{self.read_log()[-4000:]}"
            return self._ready in self.read_log()

        wait_until(ready, seconds=60, what=f"{self._module} being ready")

    def read_log(self) -> str:
        """What it wrote since its last start."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def children(self) -> list[int]:
        """Ids of its child processes."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text("ascii")
        return [int(pid) for pid in children.split()]

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process alone."""
        os.kill(self.pid, number)

    def kill_group(self) -> None:
        """``kill -9`` of the process and everything that it forked."""
        os.killpg(self.pid, signal.SIGKILL)
        self.wait(10)

    def wait(self, seconds: float) -> int:
        """Wait for its end; its exit code."""
        assert self._process is not None
        return self._process.wait(seconds)

    def __enter__(self) -> Part:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.running:
            self.kill_group()


def worker(settings: Settings, name: str = "worker") -> Part:
    """A Celery worker on these settings."""
    return Part("worker.main", settings, settings.data_dir / f"{name}.log", "The worker is ready")


def reaper(settings: Settings, name: str = "reaper") -> Part:
    """A reaper on these settings."""
    return Part("worker.reaper", settings, settings.data_dir / f"{name}.log", "The reaper is ready")
