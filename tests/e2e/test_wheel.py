"""The built wheel alone, installed in an empty environment, is the whole service."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
INSTALL_SECONDS = 300

pytestmark = [pytest.mark.slow, pytest.mark.timeout(INSTALL_SECONDS + 120)]


def _run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the files that git knows or would add."""
    copy = tmp_path_factory.mktemp("source")
    listed = _run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy / name)
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist", cwd=copy)
    (built,) = (copy / "dist").iterdir()
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of its own with the wheel and what it requires, at the locked versions."""
    folder = tmp_path_factory.mktemp("environment")
    uv = Path(sys.executable).with_name("uv")
    # Without --no-config uv would take settings of whoever runs the tests.
    _run(uv, "venv", "--no-config", "--python", sys.executable, folder / "venv", cwd=folder)
    lock = ROOT / "requirements" / "run.txt"
    python = folder / "venv" / "bin" / "python"
    _run(uv, "pip", "install", "--no-config", "--python", python, "--constraint", lock, wheel, cwd=folder)
    return folder / "venv"


@pytest.fixture
def plain(tmp_path: Path) -> dict[str, str]:
    """An environment that leads to nothing of this tree, nor to a Redis that happens to be installed."""
    kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV", "PATH"}}
    return kept | {"PATH": str(tmp_path / "nothing"), "COLUMNS": "200"}


@pytest.fixture
def stack(environment: Path, plain: dict[str, str], tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`mlp up` of the installed wheel, once it says that it is ready, and its address."""
    process = subprocess.Popen(
        [environment / "bin" / "mlp", "up", "--port", "0", "--data-dir", "state"],
        cwd=tmp_path,
        env=plain,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    killer = threading.Timer(90, process.kill)
    killer.start()
    said = ""
    try:
        assert process.stdout is not None
        for line in process.stdout:
            said += line
            if found := re.search(r"The service is at (http://\S+)", line):
                break
        else:
            pytest.fail(f"mlp up did not start:\n{said}")
        killer.cancel()
        yield process, found.group(1)
    finally:
        killer.cancel()
        if process.poll() is None:
            process.kill()  # the tether ends its parts with it
        process.communicate(timeout=30)


def test_the_wheel_carries_what_the_service_needs(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    migrations = {f"migrations/versions/{path.name}" for path in (ROOT / "migrations" / "versions").glob("*.py")}
    assert migrations | {"migrations/env.py", "migrations/script.py.mako"} <= names
    assert {"mlp/data/iris.csv", "mlp/data/README.md", "mlp/py.typed"} <= names
    assert {name.rpartition("/")[2] for name in names if "/licenses/" in name} == {"LICENSE", "NOTICE.md"}
    assert not [name for name in names if name.startswith(("tests/", "bench/", "docs/"))]


def test_the_installed_wheel_is_imported_from_its_own_environment(
    environment: Path, plain: dict[str, str], tmp_path: Path
) -> None:
    code = "import core, store, worker, service, mlp, migrations; print(mlp.__file__); from mlp import Client"
    place = _run(environment / "bin" / "python", "-c", code, cwd=tmp_path, env=plain)
    assert Path(place.strip()).is_relative_to(environment)


def test_the_installed_wheel_uploads_trains_predicts_and_stops_clean(
    stack: tuple[subprocess.Popen[str], str], environment: Path
) -> None:
    process, url = stack
    (table,) = environment.glob("lib/python*/site-packages/mlp/data/iris.csv")
    with httpx.Client(base_url=url, timeout=10, trust_env=False) as client:
        assert client.get("/readyz").status_code == 200
        uploaded = client.post(
            "/datasets", params={"name": "iris"}, content=table.read_bytes(), headers={"Content-Type": "text/csv"}
        )
        assert uploaded.status_code == 201, uploaded.text
        asked = client.post("/train", json={"dataset": "iris", "target": "species"})
        assert asked.status_code == 202, asked.text
        job = asked.json()
        deadline = time.monotonic() + 60
        while job["status"] in {"queued", "running"}:
            assert time.monotonic() < deadline, job
            time.sleep(0.2)
            job = client.get(f"/jobs/{job['id']}").json()
        assert job["status"] == "succeeded", job
        flower = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}
        answer = client.get("/predict", params={"model": "iris", **flower})
        assert answer.status_code == 200, answer.text
        assert answer.json()["predictions"][0]["label"] == "setosa"
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=30)
    assert process.returncode == 0, rest
