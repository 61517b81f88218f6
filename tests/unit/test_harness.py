"""The private PostgreSQL of the tests: how it starts, recovers, and goes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from tests.support import postgres_home
from tests.support.postgres import PostgresServer


def _connect(server: PostgresServer, database: str = "postgres") -> psycopg.Connection:
    return psycopg.connect(server.url(database).replace("+psycopg", ""), autocommit=True)


def test_the_server_is_version_18_and_durable_enough_for_a_test_only(postgres_server: PostgresServer) -> None:
    with _connect(postgres_server) as link:
        assert link.info.server_version // 10_000 == 18
        assert link.execute("SHOW fsync").fetchone() == ("off",)
        assert link.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
        assert link.execute("SHOW unix_socket_directories").fetchone() == ("",)


def test_a_database_is_a_copy_of_its_template(postgres_server: PostgresServer) -> None:
    postgres_server.create_database("original")
    with _connect(postgres_server, "original") as link:
        link.execute("CREATE TABLE found (n integer)")
    postgres_server.create_database("copied", template="original")
    with _connect(postgres_server, "copied") as link:
        assert link.execute("SELECT count(*) FROM found").fetchone() == (0,)
        postgres_server.drop_database("copied")  # although somebody is connected
    postgres_server.drop_database("original")


def test_a_crashed_server_comes_back_with_its_data_at_the_same_address(tmp_path: Path) -> None:
    with PostgresServer(tmp_path) as server:
        port = server.port
        with _connect(server) as link:
            link.execute("CREATE TABLE kept (n integer)")
            link.execute("CHECKPOINT")
        server.kill()
        assert not server.running
        server.start()
        assert server.port == port
        with _connect(server) as link:
            assert link.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    assert not server.running
    assert [path.name for path in tmp_path.iterdir()] == ["postgres.log"]


def test_a_port_in_use_is_refused_even_when_another_postgresql_answers_there(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    other = PostgresServer(tmp_path, port=postgres_server.port)
    with pytest.raises(RuntimeError, match="did not start"):
        other.start()
    other.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux ties a child's life to its parent's")
def test_the_server_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from tests.support.postgres import PostgresServer\n"
        "server = PostgresServer(Path(sys.argv[1])); server.start(); print(server.port, server._home, flush=True)\n"
        "time.sleep(60)"
    )
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as parent:
        assert parent.stdout is not None
        port, home = parent.stdout.readline().split()
        parent.send_signal(signal.SIGKILL)
        deadline = time.monotonic() + 20
        while (Path(home) / "data" / "postmaster.pid").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
    with pytest.raises(psycopg.OperationalError, match="refused"):
        psycopg.connect(f"host=127.0.0.1 port={port} user=postgres dbname=postgres connect_timeout=2")
    subprocess.run(["rm", "-rf", home], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root keeps the data outside of pytest's own folders")
def test_the_next_start_removes_what_a_killed_run_left_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    owners = {"killed": gone.pid, "busy": os.getpid(), "server-still-up": gone.pid}
    for name, pid in owners.items():
        (tmp_path / f"mlp-postgres-{name}" / "data").mkdir(parents=True)
        (tmp_path / f"mlp-postgres-{name}" / "test-process").write_text(str(pid))
    (tmp_path / "mlp-postgres-server-still-up" / "data" / "postmaster.pid").touch()
    (tmp_path / "mlp-postgres-unknown").mkdir()
    monkeypatch.setattr(postgres_home, "open_folder", lambda: tmp_path)
    made, _ = postgres_home.make_home(tmp_path / "server")
    left = {path.name.removeprefix("mlp-postgres-") for path in tmp_path.glob("mlp-postgres-*") if path != made}
    assert left == {"busy", "server-still-up", "unknown"}


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root has to become another user")
def test_root_runs_it_as_an_unprivileged_user(postgres_server: PostgresServer) -> None:
    assert Path(f"/proc/{postgres_server.pid}").stat().st_uid != 0
