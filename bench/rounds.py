"""Rounds in which each loop trains once, one after the other: what slows the machine for a while slows all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from bench.pace import repeats_per_second
from bench.problems import Problem, Rows, rows_of

OURS, TORCH, SKLEARN = "ours", "torch", "sklearn"

Loop = Callable[[Rows], AbstractContextManager[Callable[[int], None]]]


@dataclass(frozen=True)
class Contestant:
    """One way to train: whose it is, which variant, and what begins it on a problem's rows."""

    side: str
    variant: str
    begin: Loop


@dataclass(frozen=True)
class Round:
    """What one round measured.

    Attributes
    ----------
    rates : dict of dict
        Samples per second, by side and variant.
    sgemm : dict
        Floating-point operations per second of large products, by the number of threads.
    """

    rates: dict[str, dict[str, float]]
    sgemm: dict[int, float]

    def best(self, side: str) -> float:
        """Samples per second of the side's fastest variant in this round."""
        return max(self.rates[side].values())

    def versus(self, side: str) -> float:
        """How many times as fast as that side we were."""
        return self.best(OURS) / self.best(side)

    def fraction_of_peak(self, problem: Problem) -> float:
        """All that our loop did in matrix products ÷ its wall time ÷ the best rate of large products."""
        return problem.gemm_flops_per_sample * self.best(OURS) / max(self.sgemm.values())


def play(
    problem: Problem,
    contestants: Sequence[Contestant],
    sgemm_rates: Callable[[float], dict[int, float]],
    rounds: int,
    seconds: float,
) -> Iterator[Round]:
    """Play the rounds; every loop begins anew in each, from weights that it has drawn itself."""
    rows = rows_of(problem)
    for _ in range(rounds):
        rates: dict[str, dict[str, float]] = {}
        sgemm = sgemm_rates(seconds)
        for contestant in contestants:
            with contestant.begin(rows) as epochs:
                pace = problem.rows * repeats_per_second(epochs, seconds)
            rates.setdefault(contestant.side, {})[contestant.variant] = pace
        yield Round(rates, sgemm)
