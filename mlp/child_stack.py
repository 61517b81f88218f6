"""A whole stack as a child process, on a free port and in a folder of its own; for the demonstration and the tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from mlp import tether
from mlp.home import with_code_path


class ChildStackError(Exception):
    """The stack did not start, or did not stop well; the message has its output."""


class ChildStack:
    """``mlp up`` in a process of its own; a context manager. Start it from a thread that outlives it.

    Parameters
    ----------
    folder : Path
        Its data folder; its output lies there as ``up.log``.
    variables : mapping or None
        Settings (``MLP_…``) for it; those of this process do not reach it.
    on_line : callable
        Takes each line that it prints until it is ready; by default nobody does.
    """

    def __init__(
        self,
        folder: Path,
        variables: Mapping[str, str] | None = None,
        on_line: Callable[[str], object] = str,
    ) -> None:
        self.folder, self.output = folder, folder / "up.log"
        self._variables, self._on_line = dict(variables or {}), on_line
        self.url = ""
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, timeout: float = 60.0) -> None:
        """Start it and wait until it is ready.

        Raises
        ------
        ChildStackError
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("MLP_")}
        environment = with_code_path({**inherited, **self._variables, "PYTHONUNBUFFERED": "1"})
        up = [sys.executable, "-m", "mlp.main", "up", "--port", "0", "--data-dir", str(self.folder)]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", tether.__file__, str(os.getpid()), *up],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline, seen = time.monotonic() + timeout, 0
        while True:
            ended = self.process.poll() is not None
            lines = self.output.read_text(errors="replace").splitlines(keepends=True)
            complete = [line.rstrip("\n") for line in lines if line.endswith("\n")]
            for line in complete[seen:]:
                self._on_line(line)
                if line.startswith("The service is at "):
                    self.url = line.split()[4]
            seen = len(complete)
            if complete and complete[-1] == "" and self.url and any(line.startswith("curl") for line in complete):
                return
            if ended or time.monotonic() > deadline:
                self.stop(check=False)
                raise ChildStackError("The stack did not start:\n" + "".join(lines))
            time.sleep(0.05)

    def stop(self, timeout: float = 45.0, *, check: bool = True) -> None:
        """Stop it (SIGTERM) and wait.

        Raises
        ------
        ChildStackError
            It did not end with status 0; not raised without `check`.
        """
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        if check and status != 0:
            raise ChildStackError(f"The stack ended with status {status}:\n{self.output.read_text(errors='replace')}")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(check=kind is None)
