"""A worker's process that trains one job, watched from outside: ``python -m bench.worker_process JOB CAGE``.

It says ``idle``, waits for a line, trains, says ``done`` and how much of the matrices was cached at most, waits, ends.
"""

from __future__ import annotations

import sys
from contextlib import nullcontext

from bench.cage import Cage
from store.settings import Settings
from worker.app import make_app
from worker.job import run_job
from worker.logs import configure_logging
from worker.runtime import open_runtime
from worker.shutdown import ShutdownFlag
from worker.tasks import register


def main(job_id: str, cage_bytes: int) -> None:
    """Train the job with the settings of the environment; a cage of 0 bytes is none."""
    settings = Settings()
    configure_logging(settings)
    app = make_app(settings)
    register(app, settings)
    runtime = open_runtime(settings, app, ShutdownFlag())
    cage = Cage(settings.data_dir.absolute() / "scratch", cage_bytes) if cage_bytes else None
    print("idle", flush=True)
    sys.stdin.readline()
    with cage or nullcontext():
        run_job(runtime, job_id)
    print("done", cage.most if cage else 0, flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
