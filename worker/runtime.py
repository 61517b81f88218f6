"""What a training process works with, opened after it was forked."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import threadpoolctl

from store.database import Database
from store.files import FileStore
from store.settings import Settings
from worker.shutdown import ShutdownFlag
from worker.watchdog import Watchdog

if TYPE_CHECKING:
    from celery import Celery

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Runtime:
    """Handles of one training process; a job's function takes all it needs from here."""

    settings: Settings
    database: Database
    files: FileStore
    app: Celery
    shutdown: ShutdownFlag
    watchdog: Watchdog | None
    worker: str


def open_runtime(settings: Settings, app: Celery, shutdown: ShutdownFlag) -> Runtime:
    """Open the database and the dataset files, and hold BLAS to one thread: a training has threads of its own."""
    threadpoolctl.threadpool_limits(limits=1)
    return Runtime(
        settings=settings,
        database=Database(settings.resolved_database_url, pool_size=3, silence_seconds=settings.database_seconds),
        files=FileStore(settings.resolved_data_url),
        app=app,
        shutdown=shutdown,
        watchdog=Watchdog(settings.stall_seconds),
        worker=f"{socket.gethostname()}:{os.getpid()}",
    )


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, however that ends (Linux)."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the kernel was told
        os.kill(os.getpid(), signal.SIGKILL)
