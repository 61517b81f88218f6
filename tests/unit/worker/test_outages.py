"""A database that is away is waited for; one that says no is believed."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from worker import outages
from worker.outages import is_outage, through_outages

AWAY = OperationalError("SELECT 1", {}, Exception("connection refused"))


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outages, "_FIRST_WAIT_SECONDS", 0.001)


@pytest.mark.parametrize(
    "error",
    [
        AWAY,
        InterfaceError("SELECT 1", {}, Exception()),
        PoolTimeout("no connection within 10 s"),
        DBAPIError("SELECT 1", {}, Exception("server closed"), connection_invalidated=True),
    ],
)
def test_an_unreachable_database_is_an_outage(error: Exception) -> None:
    assert is_outage(error)


@pytest.mark.parametrize("error", [IntegrityError("INSERT", {}, Exception()), OSError(), ValueError()])
def test_other_errors_are_not(error: Exception) -> None:
    assert not is_outage(error)


def test_an_action_is_repeated_until_the_database_is_back() -> None:
    outcomes: list[Exception | int] = [AWAY, AWAY, 5]
    beats: list[int] = []

    def action() -> int:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    assert through_outages(action, patience_seconds=60, beat=lambda: beats.append(1)) == 5
    assert len(beats) == 3


def test_patience_ends() -> None:
    def action() -> None:
        raise AWAY

    with pytest.raises(OperationalError):
        through_outages(action, patience_seconds=0.01)


def test_waiting_ends_when_the_caller_gives_up() -> None:
    def action() -> None:
        raise AWAY

    with pytest.raises(OperationalError):
        through_outages(action, patience_seconds=60, give_up=lambda: True)


def test_another_error_ends_it_at_once() -> None:
    def action() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        through_outages(action, patience_seconds=60)
