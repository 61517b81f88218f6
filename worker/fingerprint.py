"""What must be the same for two trainings to agree to the bit."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import numpy as np
import scipy
import threadpoolctl

from core.batches import BlockedOrder


def fingerprint(engine: str, order: BlockedOrder | None = None, dtype: str = "float32") -> dict[str, Any]:
    """Form of a step, element type, order of the rows, library builds, BLAS threads and processor of this process.

    Call it after the thread limits are set: the number of BLAS threads decides the order of its sums.

    Parameters
    ----------
    engine : str
        As `core.engine.choice.Choice.name` has it.
    order : BlockedOrder or None
        None for a permutation of all rows.
    dtype : str
    """
    return {
        "engine": engine,
        "dtype": dtype,
        "shuffle": "rows" if order is None else _describe_order(order),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "blas": sorted(_describe(pool) for pool in threadpoolctl.threadpool_info()),
        "machine": platform.machine(),
        "processor": _processor(),
    }


def _describe_order(order: BlockedOrder) -> str:
    return f"blocks of {order.block_rows} rows, {order.window_blocks} at a time"


def _describe(pool: dict[str, Any]) -> str:
    owner = Path(pool["filepath"]).parent.name.removesuffix(".libs")
    kernel = pool.get("architecture", "generic")
    return f"{owner}: {pool['internal_api']} {pool['version']} {kernel}, {pool['num_threads']} threads"


def _processor() -> str:
    """The processor's type, as the kernel names it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Model"):
            return value.strip()
    return platform.processor()
