"""What a version was made with and from, beside its job, configuration and dataset: kept with the version."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import core
from store.tables import JobRow

PACKAGE = "mlp-service"


def lineage_of(job: JobRow) -> dict[str, Any]:
    """The lineage of what a job trained.

    Parameters
    ----------
    job : JobRow
        With the fingerprint that it runs under.
    """
    return {
        "job": job.id,
        "code": code_version(),
        "fingerprint": job.fingerprint,
        "bit_identical": job.bit_identical,
        "initialize_from": job.config.get("initialize_from"),
        "search": job.search_id,
        "trial": None if job.search_id is None else job.trial,
    }


@cache
def code_version() -> dict[str, str | None]:
    """The package's version, and the SHA-256 of the sources in `core/` as this process found them first."""
    try:
        package = version(PACKAGE)
    except PackageNotFoundError:  # run from its sources
        package = None
    return {"version": package, "core_sha256": digest_of(Path(core.__file__ or "").parent)}


def digest_of(folder: Path) -> str:
    """The SHA-256 over names and contents of all Python files below a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py"), key=lambda path: path.relative_to(folder).as_posix()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()
