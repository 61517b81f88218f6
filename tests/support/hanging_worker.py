"""A worker whose first training hangs inside a step, once: ``python -m tests.support.hanging_worker``."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

from core.training import Trainer
from store.settings import Settings
from worker import main

HANG_AT_STEP = 200
_HOUR = 3600


def hang_once(marker: Path) -> None:
    """Let the trainer block inside C code, the interpreter's lock held, unless the marker file exists."""
    do_block = Trainer._train_block

    def do_block_or_hang(self: Trainer, rows: Any) -> None:
        if self.state.step >= HANG_AT_STEP:
            try:
                marker.touch(exist_ok=False)
            except FileExistsError:
                pass
            else:
                ctypes.PyDLL(None).sleep(_HOUR)  # PyDLL, unlike CDLL, keeps the lock: no Python thread runs
        do_block(self, rows)

    Trainer._train_block = do_block_or_hang  # type: ignore[method-assign]


if __name__ == "__main__":
    hang_once(Settings().data_dir / "hung")
    main.main()
