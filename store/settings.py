"""What a process is told from outside: one frozen object read from ``MLP_*`` once.

Only composition roots build it (``service/wsgi.py``, ``worker/main.py``, ``mlp/main.py``,
``migrations/env.py``); everything else is handed the object or a value of it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from store.machine import memory_bytes


class Settings(BaseSettings):
    """Settings of every process; each field is the variable ``MLP_`` + its name in capitals.

    Raises
    ------
    pydantic.ValidationError
        When a variable does not parse; the message names it.
    """

    model_config = SettingsConfigDict(env_prefix="MLP_", frozen=True, extra="ignore")

    # where things are
    data_dir: Path = Field(Path("var"), description="Folder of the embedded stack's state.")
    database_url: str = Field(
        "", description="SQLAlchemy URL, SQLite or PostgreSQL. Default: `mlp.db` in the data folder (SQLite)."
    )
    database_seconds: float = Field(
        20.0, ge=1, description="A PostgreSQL that is silent for this long in a statement counts as away, s."
    )
    broker_url: str = Field("redis://127.0.0.1:6379/0", description="Redis URL of the job broker.")
    data_url: str = Field(
        "",
        description="Where dataset files are: a folder or an `s3://` prefix. Default: `datasets` in the data folder.",
    )

    # the API's door
    host: str = Field("127.0.0.1", description="Address that the API listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port that the API listens on.")
    allow_remote: bool = Field(
        default=False, description="Listen on an address other than loopback although there are no keys yet."
    )
    allowed_hosts: str = Field(
        "", description="Further names accepted in the Host header, comma-separated; loopback names always are."
    )
    api_processes: int = Field(1, ge=1, description="Processes that serve the API.")
    api_threads: int = Field(
        32, ge=4, description="Threads of each API process; at most half of them hold event streams."
    )

    # jobs
    lease_seconds: float = Field(
        15.0, gt=0, description="How long a worker's claim of a job holds without a heartbeat, s."
    )
    stall_seconds: float = Field(
        60.0, gt=0, description="A training without a finished batch for this long is killed, s."
    )
    trial_patience_seconds: float = Field(
        600.0, ge=0, description="So long a search's trial goes behind all other jobs; then it waits in line, s."
    )
    max_attempts: int = Field(3, ge=1, description="Fruitless attempts after which a job fails with `worker_lost`.")
    checkpoint_seconds: float = Field(5.0, gt=0, description="Least time between two checkpoints of a job, s.")
    report_seconds: float = Field(0.25, gt=0, description="Epoch reports are written in batches at most this old, s.")
    worker_processes: int = Field(0, ge=0, description="Training processes of a worker; 0: cores ÷ their threads.")
    worker_threads: int = Field(
        0, ge=0, description="Threads of each training process; 0: two, if there are two cores."
    )
    matrix_bytes: int = Field(
        0,
        ge=0,
        description="Most memory for a training's input matrices, bytes; larger ones are mapped from files in the data "
        "folder. 0: a quarter of the memory ÷ the training processes.",
    )
    sweep_seconds: float = Field(60.0, gt=0, description="Time between two sweeps for what nobody owns, s.")
    orphan_seconds: float = Field(
        3600.0, gt=0, description="Age at which a file or blob without an owner is removed, s."
    )
    upload_lease_seconds: float = Field(600.0, gt=0, description="How long an unfinished upload keeps its row, s.")

    # limits
    max_body_bytes: int = Field(1 << 30, gt=0, description="Largest request body of `POST /datasets`, bytes.")
    max_json_bytes: int = Field(64 << 20, gt=0, description="Largest JSON body of any other request, bytes.")
    max_json_depth: int = Field(32, gt=0, description="Deepest nesting of a JSON body.")
    max_json_digits: int = Field(400, gt=0, description="Most characters of one number in a JSON body.")
    max_rows: int = Field(10_000_000, gt=0, description="Most rows of a dataset.")
    max_columns: int = Field(10_000, gt=0, description="Most columns of a dataset.")
    max_cell_characters: int = Field(65_536, gt=0, description="Longest cell of a dataset, characters.")
    max_categories: int = Field(1000, gt=1, description="Most categories of a feature column.")
    max_classes: int = Field(1000, gt=1, description="Most classes of a target.")
    max_queued_jobs: int = Field(
        10_000, gt=0, description="Most jobs that wait for a worker; a search's trials are not counted."
    )
    max_job_seconds: float = Field(
        0.0, ge=0, description="Largest `time_limit_seconds` of a job, and that of one without, s; 0: none."
    )
    max_job_memory_bytes: int = Field(
        0, ge=0, description="Largest `memory_limit_bytes` of a job, and that of one without, bytes; 0: none."
    )
    max_predict_rows: int = Field(10_000, gt=0, description="Most rows of one `POST /predict`.")
    max_explain_rows: int = Field(100, gt=0, description="Most rows of one `POST /predict` with `explain`.")
    max_compare_rows: int = Field(
        50_000, gt=0, description="Most rows of a dataset on which versions are compared before an alias moves."
    )
    max_query_bytes: int = Field(8192, gt=0, description="Longest address, bytes.")
    selection_seconds: float = Field(
        0.5,
        ge=0,
        le=0.9,
        description="Which version answers is asked of the database again after so long, s; 0: at each request.",
    )
    cache_bytes: int = Field(256 << 20, gt=0, description="Most memory for loaded networks in one API process, bytes.")

    # the log of predictions
    log_sample: float = Field(0.0, ge=0, le=1, description="Share of the rows predicted that are logged; 0: none.")
    log_max_rows: int = Field(100_000, gt=0, description="Most logged predictions of a model; the oldest go first.")
    log_days: float = Field(30.0, gt=0, description="Days after which a logged prediction is removed.")

    # logs
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    log_format: Literal["auto", "plain", "json"] = Field(
        "auto", description="Form of the log; `auto` is plain in a terminal, JSON elsewhere."
    )

    @property
    def resolved_database_url(self) -> str:
        """The database's URL, the default filled in."""
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'mlp.db'}"

    @property
    def resolved_data_url(self) -> str:
        """Where dataset files are, the default filled in."""
        return self.data_url or str(self.data_dir.absolute() / "datasets")

    @property
    def resolved_worker_processes(self) -> int:
        """Training processes: as told, else as many as cores ÷ threads, at least one."""
        return self.worker_processes or max(1, (os.cpu_count() or 1) // self.resolved_worker_threads)

    @property
    def resolved_worker_threads(self) -> int:
        """Threads of a training process, the default filled in: two, or one on a machine of one core."""
        return self.worker_threads or min(2, os.cpu_count() or 1)

    @property
    def resolved_matrix_bytes(self) -> int:
        """Bytes of memory for a training's input matrices, the default filled in."""
        return self.matrix_bytes or memory_bytes() // (4 * self.resolved_worker_processes)
