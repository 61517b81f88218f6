"""Ties a serving process to the main one, so that none outlives it, even when that is killed."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def tether_to_parent() -> None:
    """Ask the kernel to end this process with its parent, where it was started by one of ours (Linux only)."""
    parent = multiprocessing.parent_process()
    if parent is None or sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent.pid:  # it died before the kernel was asked
        os._exit(1)
