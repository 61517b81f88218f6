"""How much memory there is to share, and how much of it this process holds."""

from __future__ import annotations

import os
from pathlib import Path

# Version 2, version 1: where a container finds its own limit.
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def memory_bytes(limits: tuple[str, ...] = _LIMITS) -> int:
    """Bytes of the machine's memory, or of what the container may use of it."""
    found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for limit in limits:
        try:
            found.append(int(Path(limit).read_text("ascii")))
        except (OSError, ValueError):  # there is none, or it reads "max"
            continue
    return min(found)


def held_bytes(status: str = "/proc/self/status") -> int | None:
    """Bytes of memory that are this process's alone, swapped ones too (decision 067); None where nobody says."""
    try:
        lines = Path(status).read_text("ascii").splitlines()
    except (OSError, ValueError):
        return None
    sizes = (line.split() for line in lines if line.startswith(("RssAnon:", "RssShmem:", "VmSwap:")))
    found = [int(size[1]) * 1024 for size in sizes]
    return sum(found) if found else None
