"""What an epoch will take is asked for before it comes to it, one window ahead and no more."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.batches import BlockedOrder
from core.engine import choice
from store.tables import DatasetRow
from tests.support.training import job_now, submit
from worker import matrices
from worker.job import run_job
from worker.matrices import MatrixRoom, mapping_of
from worker.read_ahead import ReadAhead
from worker.runtime import Runtime

BLOCK, WINDOW = 4, 3  # rows, blocks
WIDTH = 1024  # a row is a page


class Recorder:
    """In place of a mapping."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.asked: list[tuple[int, int]] = []
        self.modes: list[int] = []

    def __len__(self) -> int:
        return self.size

    def madvise(self, advice: int, *span: int) -> None:
        if advice == mmap.MADV_WILLNEED:
            self.asked.append(span)  # type: ignore[arg-type]
        else:
            self.modes.append(advice)

    def rows(self, row_bytes: int) -> set[int]:
        """All rows of which each byte has been asked for."""
        pages = {page for start, size in self.asked for page in range(start // 4096, -(-(start + size) // 4096))}
        return {
            row
            for row in range(self.size // row_bytes)
            if pages >= set(range(row * row_bytes // 4096, -(-(row + 1) * row_bytes // 4096)))
        }


def recorded(rows: int, width: int = WIDTH) -> tuple[ReadAhead, Recorder]:
    ahead = ReadAhead(np.zeros((rows, width), dtype=np.float32), BlockedOrder(BLOCK, WINDOW))
    recorder = Recorder(4 * rows * width)
    ahead._mapping = recorder  # type: ignore[assignment]
    return ahead, recorder


@pytest.mark.parametrize(("rows", "width"), [(96, WIDTH), (101, WIDTH), (101, 300), (5, WIDTH), (101, 3000)])
@pytest.mark.parametrize("batch", [1, 5, 50])
def test_every_row_has_been_asked_for_when_its_batch_comes(rows: int, width: int, batch: int) -> None:
    ahead, recorder = recorded(rows, width)
    for epoch in (1, 2):
        del recorder.asked[:]
        order = ahead(rows, 7, epoch)
        assert order.tolist() == BlockedOrder(BLOCK, WINDOW)(rows, 7, epoch).tolist()
        for start in range(0, rows, batch):
            ahead.follow(start)
            end = min(start + batch, start - start % (BLOCK * WINDOW) + BLOCK * WINDOW)  # a batch may outlast a window
            assert recorder.rows(4 * width) >= set(order[start:end].tolist())
    assert all(start % mmap.PAGESIZE == 0 and start + size <= recorder.size for start, size in recorder.asked)


def test_no_more_than_two_windows_are_wanted_at_a_time_and_each_once() -> None:
    ahead, recorder = recorded(960)
    ahead(960, 7, 1)
    assert len(recorder.asked) == WINDOW
    for row in range(0, 961, 5):
        ahead.follow(row)
        assert len(recorder.asked) <= row // BLOCK + WINDOW + 1
    assert len(recorder.asked) == len(set(recorder.asked)) == 240


def test_the_next_window_is_asked_for_while_this_one_is_trained_on() -> None:
    ahead, recorder = recorded(96)
    order, window = ahead(96, 7, 1), BLOCK * WINDOW
    for row in range(window):
        ahead.follow(row)
    assert recorder.rows(4 * WIDTH) >= set(order[: 2 * window].tolist())
    assert len(recorder.asked) == 2 * WINDOW


def test_an_epoch_that_is_gone_on_with_asks_for_nothing_that_it_has_taken() -> None:
    ahead, recorder = recorded(960)
    ahead(960, 7, 1)
    del recorder.asked[:]
    ahead.follow(480)
    assert len(recorder.asked) == WINDOW


def test_a_matrix_in_memory_has_nothing_to_ask_for() -> None:
    with ReadAhead(np.zeros((20, 3), dtype=np.float32), BlockedOrder(BLOCK, WINDOW)) as ahead:
        assert sorted(ahead(20, 0, 1).tolist()) == list(range(20))


def test_the_mapping_behind_a_matrix_is_found(tmp_path: Path) -> None:
    (X,) = MatrixRoom(tmp_path, 0).matrices([20], WIDTH, lambda: None)
    assert isinstance(mapping_of(X), mmap.mmap)
    with ReadAhead(X, BlockedOrder(BLOCK, WINDOW)) as ahead:
        ahead(20, 0, 1)
    assert mapping_of(np.zeros((2, 2), dtype=np.float32)) is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_training_tells_how_far_it_is(runtime: Runtime, dataset: DatasetRow, monkeypatch: pytest.MonkeyPatch) -> None:
    rows_taken: list[int] = []
    modes: list[Any] = []
    monkeypatch.setattr(matrices, "BLOCK_BYTES", 64)
    monkeypatch.setattr(choice, "BLOCK_BATCHES", 1)
    monkeypatch.setattr(ReadAhead, "follow", lambda _self, row: rows_taken.append(row))
    monkeypatch.setattr(ReadAhead, "__enter__", lambda self: modes.append("in") or self)
    monkeypatch.setattr(ReadAhead, "__exit__", lambda *_: modes.append("out"))
    settings = runtime.settings.model_copy(update={"matrix_bytes": 1})
    job = submit(runtime.database, dataset, epochs=2, batch_size=20, validation_fraction=0.0, early_stopping=None)
    run_job(Runtime(**(vars(runtime) | {"settings": settings})), job.id)
    assert job_now(runtime.database, job.id).status == "succeeded"
    assert rows_taken == [0, 20, 40, 60] * 2
    assert modes == ["in", "out"]
