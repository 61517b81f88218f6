"""Places in the job protocol where a process can be made to die, by a plan that lies in a folder, one file a job.

Installed by `tests.support.failing_worker` and `tests.support.failing_reaper`, so that the product knows nothing of it.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

import worker.checkpointer
import worker.publisher
from store import leases, messages, registry
from store.database import Database

FOLDER = "failpoints"
_SIGNALS = {"die": signal.SIGKILL, "die each time": signal.SIGKILL, "stop": signal.SIGTERM}


@dataclass(frozen=True)
class Step:
    """What happens where.

    Attributes
    ----------
    place : str
        A key of `Failpoints.PLACES`.
    moment : {"before", "uncommitted", "committed"}
        Before its first statement, when all of its transaction's statements are done, or after its commit.
    time : int
        At the so-many-th time that one process comes there with the job.
    action : {"die", "die each time", "stop"}
        SIGKILL or SIGTERM to the process itself.
    """

    place: str
    moment: str
    time: int = 1
    action: str = "die"


def plan(data_dir: Path, job_id: str, *steps: Step) -> None:
    """Have the processes on this data folder take these steps with the job, one after the other."""
    folder = data_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{step.place}|{step.moment}|{step.time}|{step.action}" for step in steps]
    (folder / f"{job_id}.new").write_text("\n".join(lines))
    (folder / f"{job_id}.new").replace(folder / job_id)


def taken(data_dir: Path, job_id: str) -> int:
    """How many steps were taken with the job."""
    hits = data_dir / FOLDER / f"{job_id}.hits"
    return len(hits.read_text().splitlines()) if hits.exists() else 0


class Failpoints:
    """The plans in a folder, and how often this process was at each place."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._visits: Counter[tuple[str, str, str, int]] = Counter()
        self._under_way = threading.local()  # place and job of the transaction of this thread
        self._lock = threading.Lock()  # a heartbeat is a thread

    def install(self) -> None:
        """Put a failpoint at each place."""
        self._watch_transactions()
        self._wrap("claim", leases, "claim", lambda _s, job_id, **_: job_id)
        self._wrap(
            "start", leases, "fenced", lambda _s, fence, **values: fence.job_id if "fingerprint" in values else ""
        )
        for place, name in (("renewal", "renew"), ("report", "record_progress"), ("give-back", "give_back")):
            self._wrap(place, leases, name, lambda _s, fence, *_, **__: fence.job_id)
        self._wrap("end", leases, "finish", lambda _s, fence, *_, **__: fence.job_id)
        self._wrap("version", registry, "publish_version", lambda *_, **__: self._under_way.job, opens=False)
        self._wrap("bytes", worker.checkpointer, "write_blob", lambda _s, _project, job_id, _data: job_id)
        self._wrap("checkpoint", worker.checkpointer, "name_checkpoint", lambda _s, fence, _blob: fence.job_id)
        self._wrap("taking back", leases, "take_back", lambda _s, fence, *_, **__: fence.job_id)
        self._wrap("marking", messages, "mark_published", lambda _s, job_id, _lease: job_id)
        self._wrap("message", worker.publisher, "publish", lambda _app, job_id, *_: job_id, opens=False, after=True)

    def _wrap(
        self,
        place: str,
        owner: Any,
        name: str,
        job_of: Callable[..., str],
        *,
        opens: bool = True,
        after: bool = False,
    ) -> None:
        """Reach the place before the function is called, and by `after` when it has returned."""
        function = getattr(owner, name)

        def watched(*args: Any, **kwargs: Any) -> Any:
            job_id = job_of(*args, **kwargs)
            if not job_id:
                return function(*args, **kwargs)
            self._reach(place, "before", job_id)
            if opens:
                self._under_way.place, self._under_way.job = place, job_id
            found = function(*args, **kwargs)
            if after:
                self._reach(place, "committed", job_id)
            return found

        setattr(owner, name, watched)

    def _watch_transactions(self) -> None:
        write, here = Database.write, self._under_way

        @contextmanager
        def watched(database: Database) -> Iterator[Session]:
            here.place, here.job = None, ""
            with write(database) as s:
                yield s
                place, job_id = here.place, here.job
                if place is not None:
                    self._reach(place, "uncommitted", job_id)
            if place is not None:
                self._reach(place, "committed", job_id)

        Database.write = watched  # type: ignore[assignment, method-assign]

    def _reach(self, place: str, moment: str, job_id: str) -> None:
        with self._lock:
            steps = self._steps(job_id)
            if not steps or steps[0][:2] != [place, moment]:
                return
            visit = (place, moment, job_id, len(steps))
            self._visits[visit] += 1
            if self._visits[visit] < int(steps[0][2]):
                return
            action = steps[0][3]
            if action != "die each time":
                remaining = self._folder / f"{job_id}.new"
                remaining.write_text("\n".join("|".join(step) for step in steps[1:]))
                remaining.replace(self._folder / job_id)
            with (self._folder / f"{job_id}.hits").open("a") as hits:
                hits.write(f"{place}, {moment}\n")
        os.kill(os.getpid(), _SIGNALS[action])

    def _steps(self, job_id: str) -> list[list[str]]:
        try:
            return [line.split("|") for line in (self._folder / job_id).read_text().splitlines()]
        except FileNotFoundError:
            return []
