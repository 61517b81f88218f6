"""One process of the embedded stack, with all that it has started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from mlp import tether
from mlp.guardian import Guardian
from mlp.redis_server import RedisServer, RedisServerError


class Part(Protocol):
    """What a `mlp.watcher.Watcher` keeps running."""

    name: str
    log: Path

    @property
    def running(self) -> bool:
        """Whether its process lives."""

    def start(self) -> None:
        """Start it, after whatever a former life left is gone."""

    def ready(self) -> bool:
        """Whether it does its work; quick, and asked often."""

    def stop(self, seconds: float) -> None:
        """End it: politely for so many seconds, then by force."""


class ProcessPart:
    """A program in a process group of its own.

    Parameters
    ----------
    name : str
    command : sequence of str
        Program, by its full path, with its arguments.
    environment : mapping
        All its variables.
    log : Path
        File that its output is appended to.
    is_ready : callable
        Tells whether it does its work; takes the part itself.
    guardian : Guardian
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        is_ready: Callable[[ProcessPart], bool],
        guardian: Guardian,
    ) -> None:
        self.name, self.log = name, log
        self._command, self._environment = list(command), dict(environment)
        self._is_ready, self._guardian = is_ready, guardian
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def running(self) -> bool:
        """Whether its first process lives."""
        return self._process is not None and self._process.poll() is None

    def ready(self) -> bool:
        """Whether it does its work."""
        return self._is_ready(self)

    def said(self, text: str) -> bool:
        """Whether it wrote `text` since it was started last."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return text.encode() in log.read()

    def start(self) -> None:
        """Start it. Call from the main thread: the kernel ties the child to the thread that forked it."""
        self._clear()
        tied = [sys.executable, "-I", "-S", tether.__file__, str(os.getpid()), *self._command]
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            # A group of its own: Ctrl-C in the terminal is for the stack, which stops its parts in order.
            self._process = subprocess.Popen(
                tied,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._guardian.add(self._process.pid)

    def stop(self, seconds: float) -> None:
        """SIGTERM to its first process; after `seconds`, SIGKILL to whatever of its group is left."""
        if self._process is None:
            return
        if self.running:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        self._clear()

    def _clear(self) -> None:
        """SIGKILL what is left of the group: children that outlived their parent would work on beside the next one."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._guardian.discard(self._process.pid)
        self._process = None


class RedisPart:
    """The private Redis; its start returns when it answers."""

    name = "redis"

    def __init__(self, server: RedisServer) -> None:
        self.server, self.log = server, server.log
        self._has_run = False

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self.server.running

    def ready(self) -> bool:
        """True: `start` waits for its first answer."""
        return True

    def start(self) -> None:
        """Start it, on the same port as before.

        Raises
        ------
        RedisServerError
            The first time only; later on a start without success is one more death.
        """
        try:
            self.server.start()
            self._has_run = True
        except RedisServerError:
            if not self._has_run:
                raise

    def stop(self, seconds: float) -> None:
        """Stop it."""
        self.server.stop(seconds)
