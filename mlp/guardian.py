"""Ends the process groups that a stack leaves behind when it is killed.

The kernel ends a part when the stack dies (`mlp.tether`), but not that part's own children. So the stack runs this
script beside its parts: ``+GROUP`` on standard input is a process group to guard, ``-GROUP`` one no more. Only the
stack holds the other end; the end of the input means that it is gone, whatever killed it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import IO


def watch(lines: IO[str]) -> None:
    """Read group ids until the input ends, then SIGKILL those that are left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in lines:
        (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    for group in groups:
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


class Guardian:
    """The stack's end of the pipe; replaces a guardian that was itself killed."""

    def __init__(self) -> None:
        self._groups: set[int] = set()
        self._process: subprocess.Popen[str] | None = None

    def add(self, group: int) -> None:
        """Guard a process group."""
        self._groups.add(group)
        self._tell(f"+{group}\n")

    def discard(self, group: int) -> None:
        """Guard it no more, because it is known to be empty: its number may be another's soon."""
        self._groups.discard(group)
        self._tell(f"-{group}\n")

    def check(self) -> None:
        """Start the guardian unless it runs, and tell it all groups."""
        if self._process is not None and self._process.poll() is None:
            return
        self._close_pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__], stdin=subprocess.PIPE, text=True, start_new_session=True
        )
        for group in self._groups:
            self._tell(f"+{group}\n")

    def close(self) -> None:
        """End the input and wait for the guardian to end what is left."""
        if self._process is None:
            return
        self._close_pipe()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5.0)
        self._process = None

    def _close_pipe(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with suppress(BrokenPipeError):  # closing writes what is left
                self._process.stdin.close()

    def _tell(self, line: str) -> None:
        if self._process is None or self._process.stdin is None:
            return
        with suppress(BrokenPipeError):  # `check` starts another one
            self._process.stdin.write(line)
            self._process.stdin.flush()


if __name__ == "__main__":
    watch(sys.stdin)
