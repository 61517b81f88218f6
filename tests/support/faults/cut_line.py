"""F11: a line to Redis or PostgreSQL that is slow, breaks, or swallows everything."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import make_url

from store.database import Database, connect_seconds
from store.settings import Settings
from tests.support.campaign import Tally
from tests.support.faults.ground import (
    LONG_TRAINING,
    check_ended_alike,
    fault_settings,
    submit_and_publish,
    undisturbed,
    wait_for_end,
    wait_for_progress,
)
from tests.support.faults.proxy import Proxy, proxy_before
from tests.support.interrupted_uploads import free_port
from tests.support.training import job_now, outcome_digest, points_table, upload
from tests.support.workers import Part, reaper, worker

LATENCY_SECONDS = 1.0
_LEASE_SECONDS = 15.0  # as in production: a renewal takes five round trips, seconds where each is as slow as here
_BROKER_SECONDS = 2.0
_PAUSE_SECONDS = 0.4
_AT_ONCE = 6  # so many ask for predictions, and may wait for each other
_POINT = {"feature.w": 0.1, "feature.x": 0.2, "feature.y": 0.3, "feature.z": 0.4}


def strain_lines(settings: Settings, database: Database, tally: Tally, *, hole_seconds: float) -> None:
    """F11. The jobs end as undisturbed ones whatever the line does, and every request to the API is answered in time.

    The lines are strained in turn, Redis' and, where that is the database, PostgreSQL's, each in three ways.

    Parameters
    ----------
    hole_seconds : float
        How long a line swallows everything; the other strains last a tenth of it, 2 s at least.
    """
    settings = fault_settings(settings, lease_seconds=_LEASE_SECONDS)
    dataset = upload(settings, database, points_table())
    expected = undisturbed(settings, database, dataset, **LONG_TRAINING)
    with _strained(settings, database) as (lines, there):
        url = f"http://127.0.0.1:{there.port}"
        with (
            reaper(there) as reaping,
            worker(there) as working,
            Part("service.server", there, there.data_dir / "api.log", "Started worker-1") as serving,
        ):
            shorter = _asked_and_ended(url, database)
            processes = {part.pid: part.children() for part in (reaping, working, serving)}
            strains = _strains(lines, hole_seconds)
            longest = there.database_seconds + connect_seconds(there.database_seconds) + _BROKER_SECONDS
            for number in range(tally.rounds):
                name, strain = strains[number % len(strains)]
                with tally.round():
                    training = submit_and_publish(settings, database, dataset, **LONG_TRAINING)
                    wait_for_progress(database, training)
                    with _asking(url, training) as asked:
                        strain()
                    healed_at = time.monotonic()
                    print(f"{name}: {asked.said()}")
                    assert asked.wrong == []
                    assert asked.slowest <= longest
                    for job_id in [training, *asked.accepted]:
                        wait_for_end(database, job_id, seconds=90)
                        check_ended_alike(database, job_id, expected if job_id == training else shorter)
                        assert job_now(database, job_id).attempts == 0
                    tally.recovered(time.monotonic() - healed_at, within=2 * _LEASE_SECONDS + 2)
            assert {part.pid: part.children() for part in (reaping, working, serving)} == processes
            assert reaping.running


@contextmanager
def _strained(settings: Settings, database: Database) -> Iterator[tuple[dict[str, Proxy], Settings]]:
    """Proxies before the servers, and settings that lead through them."""
    urls = {"broker_url": settings.broker_url}
    if not database.is_sqlite:
        urls["database_url"] = database.url
    with ExitStack() as stack:
        lines, through = {}, {}
        for name, address in urls.items():
            url = make_url(address)
            assert url.port is not None
            lines[name] = stack.enter_context(proxy_before(url.port))
            through[name] = url.set(port=lines[name].port).render_as_string(hide_password=False)
        yield lines, settings.model_copy(update={**through, "port": free_port()})


def _strains(lines: dict[str, Proxy], hole_seconds: float) -> list[tuple[str, Callable[[], None]]]:
    """What can be done to each line, by name."""
    short = max(2.0, hole_seconds / 10)

    def be_slow(line: Proxy) -> None:
        with line.slow(LATENCY_SECONDS):
            time.sleep(short)

    def break_off(line: Proxy) -> None:
        for _ in range(6):
            line.reset()
            time.sleep(short / 6)

    def swallow(line: Proxy) -> None:
        with line.hole():
            time.sleep(hole_seconds)

    return [
        (f"{name.partition('_')[0]}, {strain.__name__}", lambda strain=strain, line=line: strain(line))  # type: ignore[misc]
        for strain in (be_slow, break_off, swallow)
        for name, line in lines.items()
    ]


@dataclass
class _Asked:
    """What the API answered meanwhile: kind of request, status, seconds."""

    answers: list[tuple[str, int, float]] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def slowest(self) -> float:
        return max(seconds for _, _, seconds in self.answers)

    def said(self) -> str:
        """How many answers there were of each kind and status, and the longest time one took."""
        kinds = sorted({(kind, status) for kind, status, _ in self.answers})
        times = {key: [took for *each, took in self.answers if tuple(each) == key] for key in kinds}
        return ", ".join(f"{kind} {status}: {len(took)}x {max(took):.1f} s" for (kind, status), took in times.items())


@contextmanager
def _asking(url: str, job_id: str) -> Iterator[_Asked]:
    """Ask the API for all kinds of things within the block, each kind in a thread of its own."""
    asked, end = _Asked(), threading.Event()
    requests: dict[str, tuple[str, str, dict[str, Any]]] = {
        "train": ("POST", "/train", {"json": _BODY}),
        "job": ("GET", f"/jobs/{job_id}", {}),
        "predict": ("GET", "/predict", {"params": {"model": "asked", **_POINT}}),
        "ready": ("GET", "/readyz", {}),
    }

    def ask(kind: str, method: str, path: str, more: dict[str, Any]) -> None:
        with httpx.Client(base_url=url, timeout=120) as client:
            while not end.wait(_PAUSE_SECONDS):
                began = time.monotonic()
                answer = client.request(method, path, **more)
                asked.answers.append((kind, answer.status_code, time.monotonic() - began))
                if answer.status_code == 202:
                    asked.accepted.append(answer.json()["id"])
                elif answer.status_code not in (200, 503):
                    asked.wrong.append(answer.text)

    kinds = [*requests, *["predict"] * (_AT_ONCE - 1)]
    threads = [threading.Thread(target=ask, args=(kind, *requests[kind])) for kind in kinds]
    for thread in threads:
        thread.start()
    try:
        yield asked
    finally:
        end.set()
        for thread in threads:
            thread.join(130)
    assert not any(thread.is_alive() for thread in threads)


_BODY = {"dataset": "points", "target": "kind", "model": "asked", "epochs": 5, "seed": 11}


def _asked_and_ended(url: str, database: Database) -> dict[str, Any]:
    """What the training that the API is asked for comes to when nothing is in its way."""
    answer = httpx.post(f"{url}/train", json=_BODY, timeout=30)
    assert answer.status_code == 202, answer.text
    assert wait_for_end(database, answer.json()["id"]).status == "succeeded"
    return outcome_digest(database, answer.json()["id"])
