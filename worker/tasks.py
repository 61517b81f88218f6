"""The worker's one task: it hands a job's id to the function that does the job."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

from billiard.util import get_logger as get_pool_logger
from celery.signals import (
    setup_logging,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutting_down,
)

from store.settings import Settings
from worker.app import INTERACTIVE, TASK
from worker.job import run_job
from worker.logs import configure_logging
from worker.replacement import ReplaceDead
from worker.runtime import Runtime, die_with, open_runtime
from worker.shutdown import ShutdownFlag

if TYPE_CHECKING:
    from celery import Celery, Task

logger = logging.getLogger(__name__)


def register(app: Celery, settings: Settings) -> None:
    """Make `app` a worker's application; called in the parent, before it forks."""
    shutdown = ShutdownFlag()
    parent = os.getpid()
    opened: list[Runtime] = []

    def keep_our_logging(**_: Any) -> None:
        configure_logging(settings)
        get_pool_logger().propagate = True  # the process pool would write on its own, in a form of its own

    def say_ready(**_: Any) -> None:
        logger.info("The worker is ready; training processes: %d", settings.resolved_worker_processes)

    def ask_for_jobs_back(**_: Any) -> None:
        shutdown.raise_for_all()

    def open_child(**_: Any) -> None:
        die_with(parent)
        opened.append(open_runtime(settings, app, shutdown))

    def close_child(**_: Any) -> None:
        for runtime in opened:
            runtime.database.dispose()

    def run(task: Task[Any, Any], job_id: str) -> None:
        with shutdown.on_sigterm():
            run_job(opened[0], job_id, (task.request.delivery_info or {}).get("priority") or INTERACTIVE)
        if shutdown.raised_here:
            raise SystemExit(0)  # this child was told to go: its job is given back, another child takes its place

    setup_logging.connect(keep_our_logging, weak=False)
    worker_ready.connect(say_ready, weak=False)
    worker_shutting_down.connect(ask_for_jobs_back, weak=False)
    worker_process_init.connect(open_child, weak=False)
    worker_process_shutdown.connect(close_child, weak=False)
    app.task(name=TASK, bind=True)(run)
    app.steps["worker"].add(ReplaceDead)
