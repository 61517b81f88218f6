"""What many clients that follow a job cost those who predict: ``make bench-streams``.

A server with the default settings on one core; wrk, the followers and a stand-in for a worker, which writes twenty
epochs a second as a worker would, on another. Windows without and with followers take turns.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import results
from bench.machine import QUIET_LOAD, description
from bench.serving.questions import Question
from bench.serving.wrk import load
from bench.watching import Watching
from mlp.redis_server import RedisServer
from store import histories, leases, schema
from store.database import Database
from store.leases import Fence
from store.settings import Settings
from tests.support.api import running
from tests.support.rows import PROJECT, running_job
from tests.support.workers import Part

RESULTS = Path(__file__).parent / "results"
QUESTION = Question(
    "GET",
    "/predict?model=iris&sepal_length=5.1&sepal_width=3.5&petal_length=1.4&petal_width=0.2",
    b"",
    lambda _head, body: body,
)
WRITE_SECONDS = 0.25
EPOCHS_A_WRITE = 5
SETTLE_SECONDS = 6.0  # until those who came together no longer come again together
LEAST_ROUNDS = 5


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the windows, and write the results of a whole run."""
    chosen = _options().parse_args(arguments)
    machine = description(packages=("numpy", "granian", "flask"))
    for name, value in machine.items():
        print(f"{name:>14}: {value}")
    if machine["load"] > QUIET_LOAD:
        print("The machine is busy: the ratio of the two kinds of windows says more than either.")
    with tempfile.TemporaryDirectory() as folder, RedisServer(Path(folder) / "redis") as redis:
        settings = Settings(data_dir=Path(folder), broker_url=redis.url, port=_free_port())
        found = _rounds(settings, chosen)
    rows = [_row(found, connections, chosen, machine) for connections in chosen.connections]
    if not chosen.try_only and chosen.rounds >= LEAST_ROUNDS:
        results.write(RESULTS / "streams.json", rows)
        print(f"\nWritten into {RESULTS}")


def _rounds(settings: Settings, chosen: argparse.Namespace) -> list[dict[str, Any]]:
    schema.upgrade(settings.resolved_database_url)
    with running(settings) as api:
        api.upload_iris()
        api.trained(dataset="iris", target="species", network={"hidden": [16]})
    database = Database(settings.resolved_database_url)
    cores = sorted(os.sched_getaffinity(0))
    windows = []
    try:
        os.sched_setaffinity(0, cores[:1])
        with Part("service.server", settings, settings.data_dir / "api.log", "Started worker-1"):
            os.sched_setaffinity(0, cores[1:] or cores)
            url = f"http://127.0.0.1:{settings.port}"
            _predictions(url, 16, 1.0)
            for number in range(chosen.rounds):
                for followers in (0, chosen.followers):
                    windows.append(_window(database, url, followers, chosen) | {"round": number})
                    print(json.dumps(windows[-1]), flush=True)
    finally:
        os.sched_setaffinity(0, cores)
        database.dispose()
    return windows


def _window(database: Database, url: str, count: int, chosen: argparse.Namespace) -> dict[str, Any]:
    """A job from its first epoch to its end, and the predictions meanwhile."""
    job, fence = running_job(database)
    with _followed(url, job.id, count) as clients, Watching(_Worker(database, fence).write, 0.0):
        time.sleep(SETTLE_SECONDS)
        loads = {str(connections): _predictions(url, connections, chosen.seconds) for connections in chosen.connections}
    with database.write() as s:
        leases.finish(s, fence, "cancelled")
    seen = None
    if clients is not None:
        seen = json.loads(clients.communicate(timeout=60)[0])
    return {"followers": count, "loads": loads, "seen": seen}


def _predictions(url: str, connections: int, seconds: float) -> dict[str, Any]:
    """What wrk sees that asks for a prediction again and again."""
    cores = sorted(os.sched_getaffinity(0))
    port = int(url.rpartition(":")[2])
    with tempfile.TemporaryDirectory() as folder:
        seen = load(QUESTION, port, connections=connections, seconds=seconds, cores=cores, folder=Path(folder))
    return {"requests_per_second": round(seen.rate), "p50_ms": seen.p50, "p99_ms": seen.p99, "errors": seen.errors}


@contextmanager
def _followed(url: str, job: str, count: int) -> Iterator[subprocess.Popen[str] | None]:
    if not count:
        yield None
        return
    command = [sys.executable, "-m", "bench.followers", url, job, str(count)]
    clients = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield clients
    except BaseException:
        clients.kill()
        raise


class _Worker:
    """Writes epochs; each says when it was written."""

    def __init__(self, database: Database, fence: Fence) -> None:
        self._database, self._fence = database, fence
        self._epoch = 0

    def write(self) -> float:
        """A few epochs more; how long until the next ones."""
        values = dict.fromkeys(histories.FIELDS, 0.123456)
        reports = []
        for _ in range(EPOCHS_A_WRITE):
            self._epoch += 1
            reports.append({**values, "epoch": self._epoch, "seconds": time.time()})
        with self._database.write() as s:
            leases.fenced(s, self._fence, epoch=self._epoch)
            histories.append_reports(s, PROJECT, self._fence.job_id, reports)
        return WRITE_SECONDS


def _row(
    windows: list[dict[str, Any]], connections: int, chosen: argparse.Namespace, machine: dict[str, Any]
) -> dict[str, Any]:
    """Medians over the rounds, of the ratio within a round too."""
    alone, followed = (
        [each["loads"][str(connections)] for each in windows if (each["followers"] > 0) is wanted]
        for wanted in (False, True)
    )
    seen = [each["seen"] for each in windows if each["seen"]]
    row: dict[str, Any] = {"connections": connections, "followers": chosen.followers, "rounds": chosen.rounds}
    for name in ("requests_per_second", "p50_ms", "p99_ms"):
        without, beside = (results.median_and_spread(load[name] for load in loads) for loads in (alone, followed))
        ratio = results.median_and_spread(b[name] / a[name] for a, b in zip(alone, followed, strict=True))
        row |= {name: without[0], f"{name}_followed": beside[0], f"{name}_ratio": ratio[0]}
        row |= {f"{name}_spread": without[1], f"{name}_followed_spread": beside[1], f"{name}_ratio_spread": ratio[1]}
    print(
        f"{connections:>3} connections: p99 {row['p99_ms']} ms without and {row['p99_ms_followed']} ms with "
        f"{chosen.followers} followers, × {row['p99_ms_ratio']} {row['p99_ms_ratio_spread']}"
    )
    return {**row, "seconds": chosen.seconds, "seen": seen, "machine": machine}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.event_streams", description=__doc__)
    parser.add_argument("--rounds", type=int, default=LEAST_ROUNDS, help="rounds (%(default)s)")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each measurement, s (%(default)s)")
    parser.add_argument("--followers", type=int, default=200, help="clients that follow the job (%(default)s)")
    parser.add_argument(
        "--connections", type=int, nargs="+", default=[1, 16], help="of those who predict (%(default)s)"
    )
    parser.add_argument("--try-only", action="store_true", help="write nothing")
    return parser


if __name__ == "__main__":
    main()
