"""What the figures were measured on, and with."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_info

from store.machine import memory_bytes

BENDING = (
    "OPENBLAS_CORETYPE",
    "OPENBLAS_L2_SIZE",
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OMP_WAIT_POLICY",
)
"""Variables that choose another kernel or another number of threads than a user gets. Libraries read them once."""

QUIET_LOAD = 0.5


def unbent(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without the variables that bend the figures."""
    return {name: value for name, value in environment.items() if name not in BENDING}


def start_unbent() -> None:
    """Start this program again without those variables, where one is set."""
    environment = unbent(os.environ)
    if len(environment) < len(os.environ):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)


def description(packages: Sequence[str] = ("numpy", "scipy", "scikit-learn", "torch")) -> dict[str, Any]:
    """Processor, cores, memory, BLAS kernels, versions, and how busy the machine was (the load of the last minute)."""
    pools = threadpool_info()  # of what has been imported so far
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory_bytes() / (1 << 30), 1),
        "load": round(os.getloadavg()[0], 2),
        "blas": sorted(
            f"{Path(pool['filepath']).parent.name.removesuffix('.libs')}: {pool['internal_api']} {pool['version']} "
            f"{pool.get('architecture', 'generic')}"
            for pool in pools
            if pool["user_api"] == "blas"
        ),
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in packages},
    }


def _processor() -> str:
    """The processor's name and family: a virtual machine's name alone may tell little."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", errors="replace").partition("\n\n")[0]
    except OSError:
        return platform.processor()
    fields = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in text.splitlines())}
    if "model name" not in fields:
        return platform.processor()
    return f"{fields['model name']}, family {fields.get('cpu family', '?')} model {fields.get('model', '?')}"
