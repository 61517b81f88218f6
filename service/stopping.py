"""A word from the server's main process to the ones that serve: the end is near, let streams go.

Granian waits for requests under way, and an event stream is one that never ends. The flag lies in memory that is
shared by a fork; where there was none, streams are cut off when granian's patience ends.
"""

from __future__ import annotations

import mmap

_shared: mmap.mmap | None = None


def share() -> None:
    """Make the flag, before any fork."""
    global _shared
    _shared = mmap.mmap(-1, 1)


def announce() -> None:
    """Say that the server stops."""
    if _shared is not None:
        _shared[0] = 1


def announced() -> bool:
    """Whether the server stops."""
    return _shared is not None and _shared[0] == 1
