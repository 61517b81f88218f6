"""Becomes another program, one that the kernel ends together with the process that asked for it.

Run as a script, before anything of ours is imported: ``python -I -S tether.py PARENT PROGRAM ARGUMENT…``. (A
``preexec_fn`` would run Python between fork and exec, which is not safe in a parent that has threads.)
"""

from __future__ import annotations

import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Tie this process to `parent`, then become `command`; only Linux knows the tie."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("The starting process has gone.")  # it went before the kernel had been told
    os.execv(command[0], command)  # noqa: S606 - to become it is the point


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
