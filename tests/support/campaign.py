"""The fault campaign's book: how often each fault was tried and survived, and the table of it at the end of a run."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


def new_seed() -> int:
    """A seed for the moments of the faults: ``FAULT_SEED``, else a new one; printed either way."""
    seed = int(os.environ.get("FAULT_SEED") or random.SystemRandom().randrange(2**32))
    print(f"seed of the faults: {seed}")
    return seed


class Tally:
    """What became of one fault on one database.

    Attributes
    ----------
    fault : str
        Its number in the campaign, ``"F1"``.
    database : str
    rounds : int
        How many are asked for.
    attempted, passed : int
    worst_recovery : float or None
        Longest time from a fault to the job's going on, seconds.
    seed : int
    moments : random.Random
        Says when, and at times where, the fault strikes.
    """

    def __init__(self, fault: str, database: str, rounds: int) -> None:
        self.fault, self.database, self.rounds = fault, database, rounds
        self.attempted = self.passed = 0
        self.worst_recovery: float | None = None
        self.seed = new_seed()
        self.moments = random.Random(self.seed)

    @contextmanager
    def round(self, times: int = 1) -> Iterator[None]:
        """One round, or several that are judged together; passed when the block ends without an error."""
        self.attempted += times
        yield
        self.passed += times

    def recovered(self, seconds: float, *, within: float) -> None:
        """Note how long it took until the job went on.

        Raises
        ------
        AssertionError
            When that was longer than `within`.
        """
        self.worst_recovery = max(seconds, self.worst_recovery or 0.0)
        assert seconds <= within, f"{self.fault}: it went on after {seconds:.1f} s, {within:g} s are allowed"

    def pause(self, most: float) -> None:
        """Let a random time of at most so many seconds pass: the moment of the fault is what is random."""
        time.sleep(self.moments.uniform(0.0, most))


class Campaign:
    """Opens tallies; those that were opened stay in `book`, whether their test passed or not.

    Parameters
    ----------
    book : list of Tally
    share : float
        Which part of the full number of rounds is done, at least one.
    """

    def __init__(self, book: list[Tally], share: float) -> None:
        self._book, self._share = book, share

    def tally(self, fault: str, database: str, rounds: int) -> Tally:
        """A tally of a fault that is to strike `rounds` times in a full campaign.

        Parameters
        ----------
        database : str
            Its URL.
        """
        kind = "SQLite" if database.startswith("sqlite") else "PostgreSQL"
        opened = Tally(fault, kind, max(1, round(rounds * self._share)))
        self._book.append(opened)
        return opened


BOOK = pytest.StashKey[list[Tally]]()


def share_asked_for() -> float:
    """``FAULT_SHARE``, by default the whole."""
    return float(os.environ.get("FAULT_SHARE") or 1.0)


def table(book: list[Tally]) -> list[str]:
    """The campaign's table, one line a fault and database."""
    lines = [f"{'fault':<6}{'database':<12}{'attempted':>10}{'passed':>8}{'worst recovery':>16}{'seed':>12}"]
    for tally in sorted(book, key=lambda tally: (int(tally.fault[1:]), tally.database)):
        worst = "-" if tally.worst_recovery is None else f"{tally.worst_recovery:.1f} s"
        lines.append(
            f"{tally.fault:<6}{tally.database:<12}{tally.attempted:>10}{tally.passed:>8}{worst:>16}{tally.seed:>12}"
        )
    return lines
