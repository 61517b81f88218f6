"""The fault campaign counts what it tried, what passed and how long it took, also where a round failed."""

from __future__ import annotations

import pytest

from tests.support.campaign import Campaign, Tally, share_asked_for, table


def test_a_round_that_fails_is_attempted_and_not_passed() -> None:
    book: list[Tally] = []
    tally = Campaign(book, 1.0).tally("F1", "sqlite:///x.db", 50)
    with tally.round(3):
        pass
    with pytest.raises(ValueError, match="lost"), tally.round():
        raise ValueError("lost")
    assert (tally.rounds, tally.attempted, tally.passed) == (50, 4, 3)
    assert book == [tally]


def test_a_recovery_that_takes_too_long_is_noted_and_fails() -> None:
    tally = Tally("F2", "SQLite", 1)
    tally.recovered(1.0, within=6.0)
    with pytest.raises(AssertionError, match=r"F2: it went on after 7\.0 s, 6 s are allowed"):
        tally.recovered(7.0, within=6.0)
    tally.recovered(2.0, within=6.0)
    assert tally.worst_recovery == 7.0


@pytest.mark.parametrize(("rounds", "share", "expected"), [(50, 0.1, 5), (4, 0.1, 1), (20, 1.0, 20)])
def test_a_share_of_the_rounds_is_at_least_one(rounds: int, share: float, expected: int) -> None:
    assert Campaign([], share).tally("F1", "postgresql://x", rounds).rounds == expected


def test_the_share_and_the_seed_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FAULT_SHARE", raising=False)
    assert share_asked_for() == 1.0
    monkeypatch.setenv("FAULT_SHARE", "0.2")
    assert share_asked_for() == 0.2
    monkeypatch.setenv("FAULT_SEED", "77")
    first, second = Tally("F1", "SQLite", 1), Tally("F1", "SQLite", 1)
    assert first.seed == 77
    assert first.moments.random() == second.moments.random()


def test_the_table_has_a_line_for_each_fault_and_database_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAULT_SEED", "7")
    book: list[Tally] = []
    campaign = Campaign(book, 1.0)
    for fault, url in (("F10", "sqlite://"), ("F2", "sqlite://"), ("F2", "postgresql://")):
        with campaign.tally(fault, url, 3).round(3):
            pass
    book[1].recovered(3.21, within=6.0)
    assert table(book) == [
        "fault database     attempted  passed  worst recovery        seed",
        "F2    PostgreSQL           3       3               -           7",
        "F2    SQLite               3       3           3.2 s           7",
        "F10   SQLite               3       3               -           7",
    ]
