"""Writers and readers of one SQLite file as processes, one of which is killed now and then."""

from __future__ import annotations

import multiprocessing
import os
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

from sqlalchemy import text

from store.database import Database, sqlite_journal_mode
from tests.support.campaign import Tally
from tests.support.workers import wait_until

WRITERS = READERS = 4
_processes = multiprocessing.get_context("spawn")  # nothing of this process's threads and connections is inherited


def crowd_a_file(folder: Path, tally: Tally, *, seconds: float) -> None:
    """Kill one of four writers and four readers at random moments; no row that was acknowledged may be missing.

    Each writer notes a row in a file of its own once its commit has returned.
    """
    kills = tally.rounds
    path = folder / "crowded.db"
    database = Database(f"sqlite:///{path}")
    with database.write() as s:
        s.execute(text("CREATE TABLE entry (writer TEXT, number INTEGER, payload BLOB, PRIMARY KEY (writer, number))"))
    notes, errors = folder / "notes", folder / "errors"
    notes.mkdir()
    errors.mkdir()
    roles = [*(["write"] * WRITERS), *(["read"] * READERS)]
    crowd = [_start(role, path, folder) for role in roles]
    try:
        # SQLite's waiting is not fair: how long a writer's first turn takes is left open, that it comes is not.
        wait_until(lambda: _said(errors) or _writers_heard(notes) >= WRITERS, seconds=60, what="a row of each writer")
        assert _said(errors) == ""
        for number in range(kills):
            time.sleep(tally.moments.uniform(0.5, 1.5) * seconds / kills)  # the moment of the fault is what is random
            place = number % len(roles)
            assert crowd[place].is_alive(), _said(errors)
            crowd[place].kill()
            crowd[place].join(10)
            crowd[place] = _start(roles[place], path, folder)
        time.sleep(seconds / kills)
        assert all(process.is_alive() for process in crowd), _said(errors)
    finally:
        for process in crowd:
            process.kill()
            process.join(10)
    assert _said(errors) == ""
    acknowledged = {(note.name, int(line)) for note in notes.iterdir() for line in note.read_text().split()}
    with database.read() as s:
        stored = {(row.writer, row.number) for row in s.execute(text("SELECT writer, number FROM entry"))}
        assert s.scalar(text("PRAGMA integrity_check")) == "ok"
        assert s.scalar(text("PRAGMA journal_mode")) == sqlite_journal_mode()
    database.dispose()
    print(f"{len(acknowledged)} rows acknowledged, {len(stored)} stored, {kills} kills")
    assert acknowledged <= stored


def _start(role: str, path: Path, folder: Path) -> BaseProcess:
    process = _processes.Process(target=_work, args=(role, str(path), str(folder)), daemon=True)
    process.start()
    return process


def _work(role: str, path: str, folder: str) -> None:
    me = f"{role}-{os.getpid()}"
    try:
        database = Database(f"sqlite:///{path}")
        if role == "write":
            _write(database, me, Path(folder) / "notes" / me)
        else:
            _read(database)
    except Exception as error:
        (Path(folder) / "errors" / me).write_text(repr(error))
        raise


def _write(database: Database, me: str, notes: Path) -> None:
    number = 0
    with notes.open("a", buffering=1) as acknowledged:
        while True:
            with database.write() as s:
                s.execute(
                    text("INSERT INTO entry VALUES (:writer, :number, :payload)"),
                    {"writer": me, "number": number, "payload": os.urandom(2000)},
                )
            acknowledged.write(f"{number}\n")
            number += 1
            time.sleep(0.002)  # a writer that never lets go of the lock would keep the others from it


def _read(database: Database) -> None:
    while True:
        with database.read() as s:
            for writer, rows, newest in s.execute(
                text("SELECT writer, count(*), max(number) FROM entry GROUP BY writer")
            ).all():
                assert rows == newest + 1, f"a reader saw {rows} rows of {writer}, the newest is {newest}"


def _writers_heard(notes: Path) -> int:
    return sum(note.stat().st_size > 0 for note in notes.iterdir())


def _said(errors: Path) -> str:
    return "\n".join(file.read_text() for file in errors.iterdir())
