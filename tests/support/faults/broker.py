"""F4, F5 and F6: a broker that is restarted, forgets everything, or is away when jobs are asked for."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import redis

from mlp.redis_server import RedisServer
from store.database import Database
from store.settings import Settings
from tests.support.api import running
from tests.support.campaign import Tally
from tests.support.faults.ground import (
    LONG_TRAINING,
    SHORT_TRAINING,
    check_ended_alike,
    fault_settings,
    submit_and_publish,
    undisturbed,
    wait_for_end,
    wait_for_progress,
)
from tests.support.training import job_now, points_table, submit, upload, versions_of
from tests.support.workers import reaper, wait_until, worker
from worker.app import QUEUE, make_app
from worker.publisher import publish

_CONSUMING_SECONDS = 60.0
_ANSWER_SECONDS = 2.0
_FORGOTTEN = 20


def restart_broker(settings: Settings, database: Database, server: RedisServer, tally: Tally) -> None:
    """F4. Restart Redis, half the times by SIGKILL: the worker consumes again without a restart of its own."""
    settings = fault_settings(settings.model_copy(update={"broker_url": server.url}))
    dataset = upload(settings, database, points_table())
    expected = undisturbed(settings, database, dataset, **LONG_TRAINING)
    shorter = undisturbed(settings, database, dataset, **SHORT_TRAINING)
    with reaper(settings), worker(settings) as workers:
        for number in range(tally.rounds):
            with tally.round():
                before = submit_and_publish(settings, database, dataset, **LONG_TRAINING)
                wait_for_progress(database, before)
                tally.pause(0.5)
                if number % 2 == 0:
                    server.kill()
                else:
                    server.stop()
                unheard = submit(database, dataset, **SHORT_TRAINING)
                assert not publish(make_app(settings), unheard.id)
                tally.pause(3.0)
                server.start()
                started = time.monotonic()
                job = wait_for_end(database, unheard.id, seconds=_CONSUMING_SECONDS + 10)
                tally.recovered(time.monotonic() - started, within=_CONSUMING_SECONDS)
                assert job.token == 1
                assert job_now(database, before).token == 1
                check_ended_alike(database, unheard.id, shorter)
                check_ended_alike(database, before, expected)
                assert workers.running
        assert workers.read_log().count("The worker is ready") == 1


def forget_all_messages(settings: Settings, database: Database, tally: Tally) -> None:
    """F5. ``FLUSHALL`` while a score of jobs wait: the reaper sends their messages again, and each runs once."""
    settings = fault_settings(settings)
    dataset = upload(settings, database, points_table())
    app = make_app(settings)
    with reaper(settings), worker(settings):
        for _ in range(tally.rounds):
            with tally.round(_FORGOTTEN):
                # Both processes are busy, so that the others' messages stay in the queue.
                busy = [submit_and_publish(settings, database, dataset, **LONG_TRAINING) for _ in range(2)]
                for job_id in busy:
                    wait_until(lambda job_id=job_id: job_now(database, job_id).status == "running", what="a claim")  # type: ignore[misc]
                waiting = [submit(database, dataset, **SHORT_TRAINING).id for _ in range(_FORGOTTEN)]
                assert all(publish(app, job_id) for job_id in waiting)
                with closing(redis.Redis.from_url(settings.broker_url)) as client:
                    left = client.llen(QUEUE)
                    client.flushall()
                flushed_at = time.monotonic()
                print(f"{left} messages forgotten")
                assert left > 0
                wait_until(
                    lambda waiting=waiting: any(job_now(database, job_id).token for job_id in waiting),  # type: ignore[misc]
                    what="the first of the forgotten",
                )
                tally.recovered(time.monotonic() - flushed_at, within=_CONSUMING_SECONDS)
                for job_id in busy + waiting:
                    job = wait_for_end(database, job_id)
                    assert (job.status, job.token, len(versions_of(database, job_id))) == ("succeeded", 1, 1)


def ask_without_broker(settings: Settings, database: Database, server: RedisServer, tally: Tally) -> None:
    """F6. ``POST /train`` while Redis is gone, or there and silent: 202 at once, and all run when it is back."""
    settings = fault_settings(settings.model_copy(update={"broker_url": server.url}))
    slowest, ids = 0.0, []
    with tally.round(tally.rounds):
        with running(settings) as api:
            api.upload(points_table(60), "points")
            for _away, rounds in ((_gone, (tally.rounds + 1) // 2), (_silent, tally.rounds // 2)):
                with _away(server):
                    for _ in range(rounds):
                        began = time.monotonic()
                        job = api.train(dataset="points", target="kind", epochs=2)
                        slowest = max(slowest, time.monotonic() - began)
                        assert slowest <= _ANSWER_SECONDS
                        ids.append(job["id"])
        print(f"the slowest 202 took {slowest:.2f} s")
        back_at = time.monotonic()
        with reaper(settings), worker(settings):
            wait_until(lambda: job_now(database, ids[0]).token, what="the first claim")
            tally.recovered(time.monotonic() - back_at, within=_CONSUMING_SECONDS)
            for job_id in ids:
                ended = wait_for_end(database, job_id)
                assert (ended.status, ended.token, len(versions_of(database, job_id))) == ("succeeded", 1, 1)


def messages_waiting(settings: Settings) -> int:
    """How many messages are in the queue."""
    with closing(redis.Redis.from_url(settings.broker_url)) as client:
        return int(client.llen(QUEUE))


@contextmanager
def _gone(server: RedisServer) -> Iterator[None]:
    server.kill()
    try:
        yield
    finally:
        server.start()


@contextmanager
def _silent(server: RedisServer) -> Iterator[None]:
    """It takes connections, by its kernel's hand, and never answers."""
    assert server.pid is not None
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)
