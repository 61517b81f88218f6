"""Where the input matrices of a training lie: in memory, or in files that are mapped into it."""

from __future__ import annotations

import errno
import mmap
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.batches import BlockedOrder
from store.space import is_full
from worker.errors import JobError

Matrix = npt.NDArray[np.float32]

BLOCK_BYTES = 256 << 10
"""A run of neighbouring rows that is read at once (docs/decisions/066)."""

WINDOW_BLOCKS = 1024
"""Blocks whose rows are mixed: 256 MiB of the file, of which two should fit in the page cache."""

_ITEM_BYTES = 4
_RESERVED_AT_ONCE = 256 << 20


@dataclass(frozen=True)
class MatrixRoom:
    """The room for matrices.

    Attributes
    ----------
    folder : Path
        Where mapped files are made; on a disk, since a folder in memory would save none. They have no name, so that
        nothing is left of them when this process ends, however it ends.
    memory_bytes : int
        What the matrices of one training may take of memory together.
    """

    folder: Path
    memory_bytes: int

    def order(self, rows: int, width: int) -> BlockedOrder | None:
        """In which order an epoch should take the rows of matrices with so many rows in all; None for any order.

        It is None for matrices that lie in memory, and for no others.
        """
        if _ITEM_BYTES * rows * width <= self.memory_bytes:
            return None
        return BlockedOrder(max(1, BLOCK_BYTES // (_ITEM_BYTES * width)), WINDOW_BLOCKS)

    def matrices(self, lengths: Sequence[int], width: int, look: Callable[[], None]) -> list[Matrix]:
        """Matrices of zeros, of shapes (length, width).

        Raises
        ------
        JobError
            ``out_of_disk`` where the folder has no room for them.
        """
        if self.order(sum(lengths), width) is None:
            return [np.zeros((length, width), dtype=np.float32) for length in lengths]
        size = _ITEM_BYTES * sum(lengths) * width
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(self.folder).free < size:  # to find out by filling it would harm others
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return [_mapped(self.folder, length, width, look) for length in lengths]
        except OSError as error:
            if not is_full(error):
                raise
            raise JobError(
                "out_of_disk",
                f"The training's matrix takes {size:,} bytes, and the worker's scratch folder has no room for them.",
                "Take fewer columns, or ask whoever runs the service for room in its data folder.",
            ) from error


def mapping_of(matrix: Matrix) -> mmap.mmap | None:
    """What a matrix of `MatrixRoom.matrices` is mapped by; None for one that lies in memory."""
    base: object = matrix
    while isinstance(base, np.ndarray | memoryview):
        base = base.base if isinstance(base, np.ndarray) else base.obj
    return base if isinstance(base, mmap.mmap) else None


def _mapped(folder: Path, length: int, width: int, look: Callable[[], None]) -> Matrix:
    size = _ITEM_BYTES * length * width
    if size == 0:
        return np.zeros((length, width), dtype=np.float32)
    with tempfile.TemporaryFile(dir=folder) as file:  # the mapping outlives the open file, and needs no name
        for start in range(0, size, _RESERVED_AT_ONCE):
            look()
            _reserve(file.fileno(), start, min(_RESERVED_AT_ONCE, size - start))
        mapping = mmap.mmap(file.fileno(), size)
    return np.frombuffer(mapping, dtype=np.float32).reshape(length, width)


def _reserve(file: int, start: int, size: int) -> None:
    """Have the disk's room at hand: to run out of it while writing to a mapping would kill the process."""
    if sys.platform == "linux":
        os.posix_fallocate(file, start, size)
    else:
        piece = bytes(1 << 20)
        for place in range(start, start + size, len(piece)):
            os.pwrite(file, piece[: start + size - place], place)
