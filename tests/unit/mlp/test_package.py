"""``import mlp`` is cheap, and gives what it promises."""

from __future__ import annotations

import subprocess
import sys

import pytest

import mlp


def _modules_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_every_public_name_is_there() -> None:
    assert {name: getattr(mlp, name).__name__ for name in mlp.__all__} == {name: name for name in mlp.__all__}
    assert dir(mlp) == sorted(mlp.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = mlp.nonsense


def test_importing_the_package_loads_nothing_else() -> None:
    assert _modules_after("import mlp") & {"httpx", "rich", "typer", "numpy", "mlp.client"} == set()


def test_the_client_stands_without_the_service_s_code() -> None:
    loaded = _modules_after("from mlp import Client")
    assert (
        loaded & {"core", "store", "worker", "service", "numpy", "sqlalchemy", "flask", "celery", "pydantic"} == set()
    )
