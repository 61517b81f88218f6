"""The memory that there is to share, and what a process holds of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from store.machine import held_bytes, memory_bytes
from store.settings import Settings

PHYSICAL = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("1048576\n", 1 << 20), ("max\n", PHYSICAL), ("9223372036854771712\n", PHYSICAL), (None, PHYSICAL)],
)
def test_a_container_has_what_its_limit_leaves_it(limit: str | None, expected: int, tmp_path: Path) -> None:
    file = tmp_path / "memory.max"
    if limit is not None:
        file.write_text(limit)
    assert memory_bytes((str(file),)) == expected


def test_the_training_processes_of_a_worker_share_a_quarter_of_the_memory() -> None:
    assert Settings(worker_processes=2).resolved_matrix_bytes == memory_bytes() // 8
    assert Settings(worker_processes=2, matrix_bytes=5).resolved_matrix_bytes == 5


def test_a_process_holds_what_is_its_own_in_memory_or_swapped_out(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text("VmHWM: 900 kB\nRssAnon:\t 100 kB\nRssFile: 50 kB\nRssShmem: 20 kB\nVmSwap: 3 kB\n")
    assert held_bytes(str(status)) == 123 * 1024
    status.write_text("Name: python\n")
    assert held_bytes(str(status)) is None
    assert held_bytes(str(tmp_path / "none")) is None
