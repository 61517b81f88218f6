"""F17: thousands of tiny jobs over two workers, which must not grow by them."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import func, select

from store.database import Database
from store.registry_tables import ModelVersionRow
from store.settings import Settings
from store.tables import ENDED, DatasetRow, JobRow
from tests.support.campaign import Tally
from tests.support.faults.broker import messages_waiting
from tests.support.faults.ground import fault_settings
from tests.support.training import points_table, submit, upload
from tests.support.workers import Part, reaper, wait_until, worker
from worker.app import make_app
from worker.publisher import publish

TINY_TRAINING: dict[str, Any] = {"hidden": [4], "epochs": 2, "batch_size": 16, "seed": 3}
_GROWTH = 1.2
_MORE_FILES = 3  # a pool of connections may be fuller at one look than at another
_JOB_SECONDS = 1.0  # for each, of both workers together, on a busy machine


class Size(NamedTuple):
    """What a process takes: open files, and resident memory in bytes."""

    files: int
    resident: int


def run_many_jobs(settings: Settings, database: Database, tally: Tally, *, warm_up: int) -> None:
    """F17. None of the jobs is lost or done twice, and no process is larger or has more files open than after few.

    Parameters
    ----------
    warm_up : int
        After so many jobs the processes have the size that they keep.
    """
    settings = fault_settings(settings, worker_processes=1)
    dataset = upload(settings, database, points_table(60))
    with (
        tally.round(tally.rounds),
        reaper(settings),
        worker(settings, "first") as first,
        worker(settings, "second") as second,
    ):
        parts = [first, second]
        _run(settings, database, dataset, warm_up)
        before = sizes(parts)
        most_waiting = _run(settings, database, dataset, tally.rounds - warm_up)
        after = sizes(parts)
        print(f"most messages at once: {most_waiting}")
        print("files and megabytes:", [(*was, *after.get(pid, ())) for pid, was in before.items()])
        assert after.keys() == before.keys(), "a process was restarted"
        for pid, was in before.items():
            assert after[pid].files <= was.files + _MORE_FILES, f"{was.files} files were open, {after[pid].files} are"
            assert after[pid].resident <= _GROWTH * was.resident, (
                f"{was.resident:,} bytes, then {after[pid].resident:,}"
            )
        _check_each_once(database, tally.rounds)


def sizes(parts: list[Part]) -> dict[int, Size]:
    """What the processes and their children take, by their ids."""
    pids = [pid for part in parts for pid in (part.pid, *part.children())]
    return {pid: Size(len(list(Path(f"/proc/{pid}/fd").iterdir())), _resident(pid)) for pid in pids}


def _resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _run(settings: Settings, database: Database, dataset: DatasetRow, jobs: int) -> int:
    """Ask for so many jobs at once, and wait until all have ended; the most messages that waited at any time."""
    app, most = make_app(settings), 0
    already = _ended(database)
    for _ in range(jobs):
        assert publish(app, submit(database, dataset, **TINY_TRAINING).id)

    def all_ended() -> bool:
        nonlocal most
        most = max(most, messages_waiting(settings))
        time.sleep(0.2)
        return _ended(database) == already + jobs

    began = time.monotonic()
    wait_until(all_ended, seconds=30 + _JOB_SECONDS * jobs, what=f"the end of {jobs} jobs")
    print(f"{jobs} jobs in {time.monotonic() - began:.1f} s")
    wait_until(lambda: messages_waiting(settings) == 0, what="an empty queue")
    return most


def _ended(database: Database) -> int:
    with database.read() as s:
        return s.scalar(select(func.count()).select_from(JobRow).where(JobRow.status.in_(ENDED))) or 0


def _check_each_once(database: Database, jobs: int) -> None:
    """Each job succeeded at its first claim with one version, and all, being alike, have the same weights."""
    with database.read() as s:
        ends = s.execute(
            select(JobRow.status, JobRow.token, JobRow.attempts, func.count()).group_by(
                JobRow.status, JobRow.token, JobRow.attempts
            )
        ).all()
        versions = s.execute(
            select(
                func.count(),
                func.count(ModelVersionRow.job_id.distinct()),
                func.count(ModelVersionRow.sha256.distinct()),
            )
        ).one()
    assert [tuple(end) for end in ends] == [("succeeded", 1, 0, jobs)]
    assert tuple(versions) == (jobs, jobs, 1)
