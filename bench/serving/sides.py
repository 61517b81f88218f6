"""Who is measured: each side's server, the settings that it has, and how it is asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.machine import unbent
from bench.serving import questions
from bench.serving.networks import Served
from bench.serving.questions import Asking

ROOT = Path(__file__).parents[2]
APPS = Path(__file__).parent / "apps"
OURS = "ours"
PREPARE_SECONDS = 300.0
THREADS = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
SILENT = {"BENTOML_DO_NOT_TRACK": "true", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1"}


@dataclass(frozen=True)
class Launch:
    """What a server is started with: its port, how many processes may serve, its model's folder, its programs."""

    network: Served
    port: int
    processes: int
    folder: Path
    programs: Path


@dataclass(frozen=True)
class Side:
    """A server and its ways to be asked.

    Attributes
    ----------
    packages : tuple of str
        Whose versions are told.
    settings : str
        What was chosen, and on whose advice.
    command : callable
        Takes a Launch, writes what the server reads, and returns the command and its variables.
    asked, bulk : mapping
        By the contestant's name: how it is asked for one row, and for many.
    seldom : tuple of str
        Contestants that are measured at 16 connections only.
    """

    name: str
    packages: tuple[str, ...]
    settings: str
    command: Callable[[Launch], tuple[list[str], Mapping[str, str]]]
    asked: Mapping[str, Asking]
    bulk: Mapping[str, Asking]
    seldom: tuple[str, ...] = field(default=())

    @property
    def programs(self) -> Path:
        """The folder of its environment's programs."""
        if self.name == OURS:
            return Path(sys.executable).parent
        return Path(os.environ.get("BENCH_ENVIRONMENTS", ROOT)) / f".venv-bench-{self.name}" / "bin"

    def environment(self) -> dict[str, str]:
        """Variables of all that it runs: none that bends NumPy, one BLAS thread a process, its own programs first."""
        outside = {name: value for name, value in unbent(os.environ).items() if not name.startswith("MLP_")}
        path = f"{self.programs}{os.pathsep}{outside.get('PATH', '')}"
        return {**outside, **THREADS, **SILENT, "PATH": path}

    def versions(self) -> dict[str, str]:
        """The versions of its packages and of its Python; empty where it is not installed."""
        code = (
            "import json, sys, platform, importlib.metadata as m;"
            "found = {name: m.version(name) for name in sys.argv[1:]};"
            "print(json.dumps({'python': platform.python_version(), **found}))"
        )
        try:
            done = subprocess.run(
                [str(self.programs / "python"), "-c", code, *self.packages], capture_output=True, check=True, text=True
            )
        except (OSError, subprocess.CalledProcessError):
            return {}
        found: dict[str, str] = json.loads(done.stdout)
        return found

    def prepare(self, network: Served, folder: Path) -> None:
        """Make the model in its own environment, which scikit-learn's pickles want."""
        weights = folder / "weights.npz"
        network.write(weights)
        done = subprocess.run(
            [str(self.programs / "python"), str(APPS / "sklearn_network.py"), str(weights), str(folder)],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=PREPARE_SECONDS,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"its model could not be made: {done.stderr[-300:].strip()}")


def _ours(launch: Launch) -> tuple[list[str], Mapping[str, str]]:
    variables = {
        "PYTHONPATH": str(ROOT),
        "MLP_DATA_DIR": str(launch.folder),
        "MLP_PORT": str(launch.port),
        "MLP_API_PROCESSES": str(launch.processes),
        "MLP_LOG_LEVEL": "warning",
    }
    return [sys.executable, "-m", "service.server"], variables


def _fastapi(launch: Launch) -> tuple[list[str], Mapping[str, str]]:
    command = [str(launch.programs / "uvicorn"), "fastapi_app:app", "--app-dir", str(APPS), "--host", "127.0.0.1"]
    command += ["--port", str(launch.port), "--workers", str(launch.processes), "--loop", "uvloop"]
    command += ["--http", "httptools", "--no-access-log", "--log-level", "warning"]
    return command, _model(launch)


def _mlserver(launch: Launch) -> tuple[list[str], Mapping[str, str]]:
    settings = {
        "debug": False,
        "host": "127.0.0.1",
        "http_port": launch.port,
        "grpc_port": launch.port + 1,
        "metrics_port": launch.port + 2,
        # The pool's worker is one more process to pass through, for no other core: 0 leaves it away.
        "parallel_workers": 0 if launch.processes == 1 else launch.processes,
    }
    model = {
        "name": f"net-{launch.network.shape}",
        "implementation": "mlserver_sklearn.SKLearnModel",
        "parameters": {"uri": "./model.joblib", "version": "1"},
    }
    (launch.folder / "settings.json").write_text(json.dumps(settings), "utf-8")
    (launch.folder / "model-settings.json").write_text(json.dumps(model), "utf-8")
    return [str(launch.programs / "mlserver"), "start", str(launch.folder)], {}


def _litserve(launch: Launch) -> tuple[list[str], Mapping[str, str]]:
    return [str(launch.programs / "python"), str(APPS / "litserve_app.py")], _model(launch)


def _bentoml(launch: Launch) -> tuple[list[str], Mapping[str, str]]:
    command = [str(launch.programs / "bentoml"), "serve", "bentoml_app:Network", "--working-dir", str(APPS)]
    command += ["--host", "127.0.0.1", "--port", str(launch.port)]
    return command, {**_model(launch), "BENTOML_HOME": str(launch.folder / "bentoml")}


def _mlflow(launch: Launch) -> tuple[list[str], Mapping[str, str]]:
    command = [str(launch.programs / "mlflow"), "models", "serve", "--model-uri", str(launch.folder / "mlflow")]
    command += ["--host", "127.0.0.1", "--port", str(launch.port), "--workers", str(launch.processes)]
    return [*command, "--env-manager", "local"], {}


def _model(launch: Launch) -> Mapping[str, str]:
    return {
        "BENCH_MODEL": str(launch.folder / "model.joblib"),
        "BENCH_PORT": str(launch.port),
        "BENCH_PROCESSES": str(launch.processes),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


SIDES = (
    Side(
        OURS,
        ("granian", "msgspec", "numpy"),
        "service.server with its defaults; MLP_API_PROCESSES as many as cores; SQLite",
        _ours,
        {"ours GET": questions.ours_get, "ours POST": questions.ours_post, "ours /v2": questions.ours_v2},
        {
            "ours POST": questions.ours_post,
            "ours /v2": questions.ours_v2,
            "ours /v2 binary": questions.ours_binary,
        },
        seldom=("ours /v2",),
    ),
    Side(
        "fastapi",
        ("fastapi", "uvicorn", "uvloop", "httptools", "pydantic", "scikit-learn", "numpy"),
        "uvicorn with uvloop and httptools, --workers as many as cores, no access log; an async endpoint with models "
        "of Pydantic for request and answer",
        _fastapi,
        {"fastapi": questions.rows_json},
        {"fastapi": questions.rows_json, "fastapi binary": questions.fastapi_binary},
    ),
    Side(
        "mlserver",
        ("mlserver", "mlserver-sklearn", "uvicorn", "scikit-learn", "numpy"),
        "debug off (it turns the access log off); parallel_workers 0 on one core, as many as cores on both; no "
        "adaptive batching, its default",
        _mlserver,
        {"mlserver": questions.mlserver},
        {"mlserver": questions.mlserver},
    ),
    Side(
        "litserve",
        ("litserve", "fastapi", "uvicorn", "scikit-learn", "numpy"),
        "fast_queue, which its documents want above 100 requests/s; workers_per_device and num_api_servers as many as "
        "cores; no batching, its default; no access log",
        _litserve,
        {"litserve": questions.rows_json},
        {"litserve": questions.rows_json},
    ),
    Side(
        "bentoml",
        ("bentoml", "uvicorn", "scikit-learn", "numpy"),
        "workers as many as cores; not batchable, its default; no access log and no metrics",
        _bentoml,
        {"bentoml": questions.rows_json},
        {"bentoml": questions.rows_json},
    ),
    Side(
        "mlflow",
        ("mlflow", "uvicorn", "scikit-learn", "numpy"),
        "mlflow models serve --env-manager local, --workers as many as cores; a tensor's signature, so that numbers "
        "come as float32 without pandas",
        _mlflow,
        {"mlflow": questions.mlflow},
        {"mlflow": questions.mlflow},
    ),
)
PEERS = tuple(side.name for side in SIDES if side.name != OURS)
