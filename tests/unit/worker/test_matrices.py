"""Matrices lie in memory up to a limit, and beyond it in files that nobody sees."""

from __future__ import annotations

import errno
import gc
import os
import resource
import shutil
from pathlib import Path

import numpy as np
import pytest

from core.batches import BlockedOrder
from worker import matrices
from worker.errors import JobError
from worker.matrices import MatrixRoom


def no_look() -> None:
    """Nobody waits for signs of life."""


def anonymous_bytes() -> int:
    """Memory of this process that no file stands behind."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) << 10
    raise AssertionError("the kernel does not say")


def mapped_files(folder: Path) -> list[str]:
    return [line for line in Path("/proc/self/maps").read_text().splitlines() if str(folder) in line]


def test_the_limit_holds_for_all_matrices_of_a_training_together(tmp_path: Path) -> None:
    room = MatrixRoom(tmp_path / "scratch", 4 * 100 * 10)
    assert room.order(100, 10) is None
    assert room.order(101, 10) is not None
    room.matrices([60, 30, 10], 10, no_look)
    assert not room.folder.exists()
    room.matrices([60, 31, 10], 10, no_look)
    assert room.folder.exists()


def test_a_mapped_matrix_is_no_anonymous_memory_and_has_no_name(tmp_path: Path) -> None:
    room = MatrixRoom(tmp_path, 0)
    before = anonymous_bytes()
    X, empty = room.matrices([16_384, 0], 1024, no_look)  # 64 MiB
    assert (X.shape, X.dtype, X.sum(), empty.shape) == ((16_384, 1024), np.float32, 0.0, (0, 1024))
    X[...] = 1.5
    assert X[::1000].sum() == 17 * 1024 * 1.5
    assert anonymous_bytes() - before < 16 << 20
    assert list(tmp_path.iterdir()) == []
    assert len(mapped_files(tmp_path)) == 1
    assert "(deleted)" in mapped_files(tmp_path)[0]
    del X
    gc.collect()
    assert mapped_files(tmp_path) == []


def test_the_room_on_the_disk_is_there_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrices, "_RESERVED_AT_ONCE", 1 << 20)
    looks: list[int] = []
    free = os.statvfs(tmp_path).f_bfree * os.statvfs(tmp_path).f_frsize
    (X,) = MatrixRoom(tmp_path, 0).matrices([16 << 10], 1024, lambda: looks.append(1))
    taken = free - os.statvfs(tmp_path).f_bfree * os.statvfs(tmp_path).f_frsize
    assert X.nbytes == 64 << 20
    assert taken > 32 << 20  # others use the disk too
    assert len(looks) == 64


def test_a_disk_that_is_full_is_a_named_failure(tmp_path: Path) -> None:
    before = shutil.disk_usage(tmp_path).free
    with pytest.raises(JobError) as failed:
        MatrixRoom(tmp_path, 0).matrices([before // 4096 * 2], 1024, no_look)
    assert failed.value.code == "out_of_disk"
    assert shutil.disk_usage(tmp_path).free > before // 2, "the disk was filled to find out"


def test_a_disk_that_fills_meanwhile_is_a_named_failure(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (32 << 20, hard))  # what the kernel refuses is as much as a full disk
    try:
        with pytest.raises(JobError) as failed:
            MatrixRoom(tmp_path, 0).matrices([16 << 10], 1024, no_look)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert failed.value.code == "out_of_disk"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_not_called_full(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OSError) as failed:
        MatrixRoom(tmp_path / "file", 0).matrices([10], 10, no_look)
    assert failed.value.errno in (errno.EEXIST, errno.ENOTDIR)


@pytest.mark.parametrize(("width", "rows"), [(1, 65_536), (784, 83), (1 << 20, 1)])
def test_a_block_is_a_quarter_of_a_mebibyte_and_at_least_a_row(width: int, rows: int, tmp_path: Path) -> None:
    assert MatrixRoom(tmp_path, 0).order(1000, width) == BlockedOrder(rows, 1024)
