"""Bodies on their way in are bounded: short ones wait for each other, nobody waits for slow ones."""

from __future__ import annotations

import threading
import time

import pytest

from service.problems import Problem
from service.receiving import Place, Receiving
from tests.support.workers import wait_until


def test_beyond_the_bound_is_503_and_a_place_given_back_is_taken_again() -> None:
    receiving = Receiving(2, patience=0.01)
    first, _ = receiving.take(), receiving.take()
    with pytest.raises(Problem) as caught:
        receiving.take()
    assert (caught.value.code, caught.value.resolved_status) == ("too_many_uploads", 503)
    assert caught.value.headers["Retry-After"]
    first.give_back()
    first.give_back()
    receiving.take()
    assert receiving.under_way == 2


def test_one_more_waits_for_a_short_one() -> None:
    receiving = Receiving(1, patience=20)
    place = receiving.take()
    taken: list[Place] = []
    waiting = threading.Thread(target=lambda: taken.append(receiving.take()))
    waiting.start()
    place.give_back()
    wait_until(lambda: bool(taken), what="the place")
    waiting.join(5)


def test_nobody_waits_where_all_are_slow() -> None:
    receiving = Receiving(1, patience=0.2)
    receiving.take()
    with pytest.raises(Problem):
        receiving.take()
    started = time.monotonic()
    with pytest.raises(Problem):
        receiving.take()
    assert time.monotonic() - started < 0.1
