"""What a process has in memory, by what stands behind it (docs/decisions/067)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.watching import Watching

_SAMPLE_SECONDS = 0.002


@dataclass(frozen=True)
class Resident:
    """Bytes of a process at one moment.

    Attributes
    ----------
    anonymous : int
        What no file on a disk stands behind, so that the kernel cannot let go of it: the heap, files in memory, and
        what of these has been swapped out.
    file : int
        Mapped pages of files.
    peak : int
        The most of both together that the kernel has seen since it was asked to begin anew.
    """

    anonymous: int
    file: int
    peak: int

    @property
    def all(self) -> int:
        """Anonymous and file pages."""
        return self.anonymous + self.file


def parse(status: str) -> Resident:
    """Read the text of ``/proc/<pid>/status``."""
    fields = {name: value.split() for name, _, value in (line.partition(":") for line in status.splitlines())}

    def size(name: str) -> int:
        return int(fields[name][0]) << 10  # "kB" are 1024 bytes

    return Resident(size("RssAnon") + size("RssShmem") + size("VmSwap"), size("RssFile"), size("VmHWM"))


def resident(pid: int) -> Resident:
    """What a process has in memory now."""
    return parse(Path(f"/proc/{pid}/status").read_text("utf-8"))


def forget_peak(pid: int) -> None:
    """Have the kernel begin anew with the peak of a process."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


class Samples(Watching):
    """The greatest of what a process has in memory at many moments; a context manager.

    It looks from another process: a thread of the one that is looked at would wait for the interpreter's lock just when
    much is going on.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(self._sample, _SAMPLE_SECONDS)
        self._pid = pid
        self.anonymous = self.file = self.count = 0

    def _sample(self) -> float | None:
        try:
            now = resident(self._pid)
        except (FileNotFoundError, ProcessLookupError, KeyError):  # it has ended
            return None
        self.anonymous, self.file = max(self.anonymous, now.anonymous), max(self.file, now.file)
        self.count += 1
        return _SAMPLE_SECONDS
