"""Rounds: their order, and what one says."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from bench import rounds
from bench.problems import Problem, Rows
from bench.rounds import OURS, SKLEARN, TORCH, Contestant, Round, play

PROBLEM = Problem((4, 16, 3), 32, 64)


def test_a_peer_is_as_fast_as_its_fastest_variant_of_the_round() -> None:
    played = Round({OURS: {"": 60.0}, TORCH: {"a": 10.0, "b": 20.0}, SKLEARN: {"a": 40.0}}, {1: 1.0})
    assert (played.versus(TORCH), played.versus(SKLEARN)) == (3.0, 1.5)


def test_the_peak_is_the_best_rate_of_large_products_whatever_our_threads() -> None:
    played = Round({OURS: {"": 1000.0}}, {1: 0.5e6, 2: 1.088e6})
    assert played.fraction_of_peak(PROBLEM) == pytest.approx(544 * 1000 / 1.088e6)


def test_the_loops_take_turns_and_begin_anew_in_each_round(monkeypatch: pytest.MonkeyPatch) -> None:
    log: list[str] = []

    def contestant(side: str, variant: str) -> Contestant:
        @contextmanager
        def begin(rows: Rows) -> Iterator[Callable[[int], None]]:
            assert rows.problem is PROBLEM
            log.append(side + variant)
            yield lambda count: None

        return Contestant(side, variant, begin)

    def peak(seconds: float) -> dict[int, float]:
        log.append("sgemm")
        return {1: 1.0}

    monkeypatch.setattr(rounds, "repeats_per_second", lambda epochs, seconds: 2.0)
    sides = [contestant(OURS, "1"), contestant(TORCH, "1"), contestant(TORCH, "2"), contestant(SKLEARN, "1")]
    played = list(play(PROBLEM, sides, peak, rounds=2, seconds=1.0))
    assert log == ["sgemm", "ours1", "torch1", "torch2", "sklearn1"] * 2
    samples = 2.0 * PROBLEM.rows
    assert played[1].rates == {OURS: {"1": samples}, TORCH: {"1": samples, "2": samples}, SKLEARN: {"1": samples}}
