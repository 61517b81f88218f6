"""The lock on a data folder: one stack at a time works in it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class FolderHeld(Exception):
    """Another stack works in that folder; the message says which."""


class FolderLock:
    """A held lock; `tell` writes down who holds it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def tell(self, url: str) -> None:
        """Write this process's id and the address of its service where a second start reads them."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, json.dumps({"pid": os.getpid(), "url": url}).encode(), 0)


@contextmanager
def hold(folder: Path) -> Iterator[FolderLock]:
    """Hold the lock of a folder, made when absent.

    The kernel lets go of it with the process, however that ends; the file stays, since removing it would let two
    processes lock two files of one name.

    Raises
    ------
    FolderHeld
    OSError
        The folder cannot be made or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / "stack.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderHeld(f"{folder} is in use {_holder(os.pread(descriptor, 4096, 0))}.") from None
        os.ftruncate(descriptor, 0)
        yield FolderLock(descriptor)
    finally:
        os.close(descriptor)


def _holder(text: bytes) -> str:
    try:
        told = json.loads(text)
        return f"by process {told['pid']}, which serves {told['url']}"
    except (ValueError, KeyError, TypeError):
        return "by a process that is just starting"
