"""How a rate is measured, on a clock that only the measured thing moves."""

from dataclasses import dataclass, field

import pytest

from bench.pace import repeats_per_second


@dataclass
class Work:
    """Takes `cost` seconds a repeat, and `first` more the first time."""

    cost: float
    first: float = 0.0
    now: float = 0.0
    counts: list[int] = field(default_factory=list)

    def __call__(self, count: int) -> None:
        self.now += count * self.cost + (0.0 if self.counts else self.first)
        self.counts.append(count)

    def rate(self, seconds: float) -> float:
        return repeats_per_second(self, seconds, clock=lambda: self.now, settle=lambda _: None)


def test_the_rate_is_that_of_the_last_run_and_leaves_the_first_ones_cost_out() -> None:
    work = Work(cost=0.001, first=0.05)
    assert work.rate(1.0) == pytest.approx(1000)


def test_the_measured_run_takes_about_the_time_that_is_asked_for() -> None:
    work = Work(cost=0.001)
    work.rate(1.0)
    assert work.counts[-1] in (1000, 1001)  # rounded up


def test_the_warm_up_grows_until_it_has_a_tenth_of_the_time() -> None:
    work = Work(cost=0.001)
    work.rate(1.0)
    assert work.counts[:-1] == [1, 2, 4, 8, 16, 32, 64]


def test_what_takes_longer_than_asked_is_warmed_up_once_and_measured_once() -> None:
    work = Work(cost=3.0)
    assert work.rate(1.0) == pytest.approx(1 / 3)
    assert work.counts == [1, 1]
