"""A server under test: a process in a session of its own, on given cores, standing still while others are measured."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from mlp.guardian import Guardian

START_SECONDS = 120.0
STOP_SECONDS = 10.0
AWAKE_SECONDS = 0.05


class NotServing(Exception):
    """A server ended, or did not answer in time; the end of its log is in the text."""


class ServerProcess:
    """A command and all that it starts.

    Parameters
    ----------
    command : sequence of str
    environment : mapping
        All its variables.
    folder : Path
        Where it runs.
    log : Path
        File that its output is appended to.
    cores : sequence of int
        Cores that it may use.
    guardian : Guardian
        Ends it where this program is killed.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        log: Path,
        cores: Sequence[int],
        guardian: Guardian,
    ) -> None:
        self._log, self._guardian = log, guardian
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                ["taskset", "-c", ",".join(map(str, cores)), *command],
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        guardian.add(self._process.pid)

    @property
    def session(self) -> int:
        """The number of its session."""
        return self._process.pid

    def wait_until(self, answers: Callable[[], None], seconds: float = START_SECONDS) -> None:
        """Wait until `answers` raises nothing.

        Raises
        ------
        NotServing
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                answers()
            except Exception as error:  # noqa: BLE001 - whatever a server that begins does
                if self._process.poll() is not None:
                    raise NotServing(f"it ended with {self._process.returncode}: {self.last_words()}") from None
                if time.monotonic() > deadline:
                    raise NotServing(f"no answer within {seconds:.0f} s ({error}): {self.last_words()}") from None
                time.sleep(0.25)
            else:
                return

    def last_words(self) -> str:
        """The end of its log, on one line."""
        return " / ".join(self._log.read_text("utf-8", errors="replace").split("\n")[-6:])[-200:].strip(" /")

    def pause(self) -> None:
        """Let it stand still: what it does when nobody asks is not the others' affair."""
        self._process.send_signal(signal.SIGSTOP)
        for each in self._children():
            _send(each, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on: its first process last, so that none of the others is late for a sign of life that it wants."""
        children = self._children()
        for each in children:
            _send(each, signal.SIGCONT)
        if children:
            time.sleep(AWAKE_SECONDS)
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it: politely, then by force, until nothing of it is left."""
        self.resume()
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        deadline = time.monotonic() + STOP_SECONDS
        while members(self.session) and time.monotonic() < deadline:
            for each in members(self.session):
                _send(each, signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.1)
        self._guardian.discard(self._process.pid)

    def _children(self) -> list[int]:
        return [each for each in members(self.session) if each != self.session]


def _send(process: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, number)


def members(session: int) -> list[int]:
    """The processes of a session that live."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, _, of_session = path.read_text().rpartition(")")[2].split()[:4]
            if int(of_session) == session and state != "Z":
                found.append(int(path.parent.name))
    return found
