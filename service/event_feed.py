"""The events of running jobs: one poller a process and job, which all of the job's streams share.

A stream holds no database connection: what it sends the poller has read, or, where the stream is behind, a short read
of its own. Its memory is the poller's last items; how far a stream is, is a number. Who only passes by
(`state`, `since`) is told what the poller knows, and costs the database nothing while somebody follows the job.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from service.job_answer import error_of, model_of, progress
from service.watched_job import KEPT_ITEMS, Snapshot, StatusClock, WatchedJob
from store import histories, jobs
from store.database import Database
from store.errors import NotFound

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.2
PAGE = KEPT_ITEMS
_OUTAGE_PAUSE_SECONDS = 1.0


class EventFeed:
    """Follows jobs for their streams.

    Parameters
    ----------
    database : Database
    poll_seconds : float
        Time between two looks at a job.
    stopping : callable
        Whether the process is to end: then every stream ends, and its client resumes elsewhere or later.
    """

    def __init__(
        self,
        database: Database,
        *,
        poll_seconds: float = POLL_SECONDS,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._database = database
        self._stopping = stopping
        self._poll_seconds = poll_seconds
        self._watched: dict[tuple[str, str], WatchedJob] = {}
        self._lock = threading.Lock()

    @property
    def pollers(self) -> int:
        """How many jobs are followed."""
        return len(self._watched)

    def look(self, project: str, job_id: str) -> tuple[Snapshot, int]:
        """A job's state now and its newest epoch.

        Raises
        ------
        NotFound
        """
        with self._database.read() as s:
            job = jobs.get_job(s, project, job_id)
            newest = histories.latest(s, [job_id]).get(job_id)
            data: dict[str, Any] = {"status": job.status, "progress": progress(job)}
            if job.error is not None:
                data["error"] = error_of(job)
            if job.model_version is not None:
                data["model"] = model_of(job)
            if job.result_id is not None:
                data["result"] = job.result_id
        return Snapshot(job.status, data), newest["epoch"] if newest else 0

    def state(self, project: str, job_id: str) -> tuple[Snapshot, int]:
        """A job's state and its newest epoch, as of at most a poll ago.

        Raises
        ------
        NotFound
        """
        watched = self._watched.get((project, job_id))
        known = watched.known(0) if watched is not None else None
        if known is None or known.snapshot is None:
            return self.look(project, job_id)
        return known.snapshot, known.last_epoch

    def since(self, project: str, job_id: str, after_epoch: int, limit: int) -> list[dict[str, Any]]:
        """The first history items above `after_epoch`, at most `limit`; none that is newer than a poll ago is missing.

        Ask for the `state` before: then an ended job's items are all there.
        """
        watched = self._watched.get((project, job_id))
        if watched is not None:
            known = watched.known(after_epoch)
            if known is not None and (after_epoch >= known.last_epoch or known.goes_on_from(after_epoch)):
                return known.items[:limit]
        return self._page(job_id, after_epoch, limit)

    def follow(
        self, project: str, job_id: str, *, after_epoch: int = 0, wait_seconds: float = 10.0
    ) -> Generator[list[dict[str, Any]] | Snapshot | None, None, None]:
        """What happens to a job, as it happens.

        Yields
        ------
        list of dict
            History items above `after_epoch`, in order; each once.
        Snapshot
            The state: at once, when it changes, and at the end, as the last thing.
        None
            When nothing happened for `wait_seconds`.

        Closing the generator ends the following; it ends by itself after the job's end, or its deletion.
        """
        watched = self._join(project, job_id)
        told: Snapshot | None = None
        seen = 0
        try:
            while True:
                news = watched.news(seen, after_epoch, wait_seconds)
                if news is None:
                    yield None
                    continue
                if news.snapshot is None:
                    return
                seen = news.round
                if told is None and not news.snapshot.ended:
                    told = news.snapshot
                    yield told
                items = news.items
                while after_epoch < news.last_epoch:
                    if not items or items[0]["epoch"] != after_epoch + 1:
                        items = self._page(job_id, after_epoch)
                    if not items:
                        break
                    after_epoch = items[-1]["epoch"]
                    yield items
                    items = []
                if news.snapshot.ended or news.snapshot != told:
                    told = news.snapshot
                    yield told
                if news.snapshot.ended:
                    return
        finally:
            self._leave(project, job_id, watched)

    def _page(self, job_id: str, after_epoch: int, limit: int = PAGE) -> list[dict[str, Any]]:
        with self._database.read() as s:
            return histories.history(s, job_id, after_epoch=after_epoch, limit=limit)

    def _join(self, project: str, job_id: str) -> WatchedJob:
        with self._lock:
            watched = self._watched.get((project, job_id))
            if watched is not None:
                watched.followers += 1
                return watched
            # Counted before the poller runs: it stops when nobody follows.
            watched = self._watched[project, job_id] = WatchedJob(followers=1)
        name = f"events-{job_id}"
        threading.Thread(target=self._poll, args=(project, job_id, watched), name=name, daemon=True).start()
        return watched

    def _leave(self, project: str, job_id: str, watched: WatchedJob) -> None:
        with self._lock:
            watched.followers -= 1
            if watched.followers == 0 and self._watched.get((project, job_id)) is watched:
                del self._watched[project, job_id]
        with watched.changed:
            watched.changed.notify_all()

    def _poll(self, project: str, job_id: str, watched: WatchedJob) -> None:
        """Look at the job until it has ended or nobody follows it."""
        clock = StatusClock()
        gone = True
        try:
            while watched.followers > 0 and not self._stopping():
                pause = self._poll_seconds
                try:
                    if self._round(project, job_id, watched, clock):
                        gone = False
                        return
                except NotFound:
                    return
                except SQLAlchemyError:
                    logger.warning("The events of %s wait for the database.", job_id, exc_info=True)
                    pause = _OUTAGE_PAUSE_SECONDS
                with watched.changed:
                    watched.changed.wait_for(lambda: watched.followers == 0, pause)
        finally:
            self._finish(project, job_id, watched, gone=gone)

    def _round(self, project: str, job_id: str, watched: WatchedJob, clock: StatusClock) -> bool:
        # The state first: an ended job's history is complete, so that the last state can come after all of it.
        snapshot, newest = self.look(project, job_id)
        last = watched.last_epoch
        # A late first look does not read what is long past: streams that want it page through it themselves.
        start = max(last, newest - PAGE)
        fresh = self._page(job_id, start) if newest > last else []
        with watched.changed:
            if fresh and watched.items and fresh[0]["epoch"] != last + 1:
                watched.items.clear()
            watched.items.extend(fresh)
            if fresh:
                watched.last_epoch = fresh[-1]["epoch"]
            tell = clock.due(watched.snapshot, snapshot)
            if tell:
                watched.snapshot = snapshot
            if fresh or tell:
                watched.round += 1
                watched.changed.notify_all()
            return snapshot.ended and watched.last_epoch >= newest

    def _finish(self, project: str, job_id: str, watched: WatchedJob, *, gone: bool) -> None:
        with self._lock:
            if self._watched.get((project, job_id)) is watched:
                del self._watched[project, job_id]
        with watched.changed:
            watched.gone = gone
            watched.changed.notify_all()
