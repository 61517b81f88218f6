"""A worker whose trainings do not keep within their limits: ``python -m tests.support.greedy_worker``.

A file `greed` in the data folder says what the next training does in its 50th step: ``take`` memory and keep it,
``hang``, or both.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from core.training import Trainer
from store.settings import Settings
from worker import limits, main

STEP = 50
TAKEN_BYTES = 512 << 20
STOP_SECONDS = 1.0


def be_greedy(plan: Path) -> None:
    """Let the trainer do once what the file says."""
    do_block = Trainer._train_block

    def do_block_and_more(self: Any, rows: Any) -> None:
        if self.state.step >= STEP and plan.exists():
            greed = plan.read_text("utf-8").split()
            plan.unlink()
            if "take" in greed:
                self.taken = np.ones(TAKEN_BYTES // 8)
            if "hang" in greed:
                time.sleep(3600)  # other threads run meanwhile
        do_block(self, rows)

    Trainer._train_block = do_block_and_more  # type: ignore[method-assign]


if __name__ == "__main__":
    limits._STOP_SECONDS = STOP_SECONDS
    be_greedy(Settings().data_dir / "greed")
    main.main()
