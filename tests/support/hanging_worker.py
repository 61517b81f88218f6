"""A worker whose training hangs inside a step where a file says so: ``python -m tests.support.hanging_worker``."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

from core.training import Trainer
from store.settings import Settings
from worker import main

HANG_AT_STEP = 200
_HOUR = 3600


def hang_when_told(folder: Path) -> None:
    """Let the trainer block in C code, with the interpreter's lock, where there is a file ``hang``: ``hung`` then."""
    do_block = Trainer._train_block

    def do_block_or_hang(self: Trainer, rows: Any) -> None:
        if self.state.step >= HANG_AT_STEP:
            try:
                (folder / "hang").rename(folder / "hung")
            except FileNotFoundError:
                pass
            else:
                ctypes.PyDLL(None).sleep(_HOUR)  # PyDLL, unlike CDLL, keeps the lock: no Python thread runs
        do_block(self, rows)

    Trainer._train_block = do_block_or_hang  # type: ignore[method-assign]


if __name__ == "__main__":
    hang_when_told(Settings().data_dir)
    main.main()
