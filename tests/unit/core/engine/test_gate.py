"""The gate: nobody passes before all have come, and nobody waits for one who failed."""

import threading

import pytest

from core.engine.gate import Gate, GateBroken

THREADS = 4
ROUNDS = 200
TIMEOUT = 60


def _all(work):
    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT)
    assert not any(thread.is_alive() for thread in threads)


def test_nobody_passes_before_all_have_come():
    gate, came, early = Gate(THREADS), [0] * THREADS, []

    def work(number):
        for turn in range(1, ROUNDS + 1):
            came[number] = turn
            gate.wait(number)
            if min(came) < turn:
                early.append(number)
            gate.wait(number)

    _all(work)
    assert came == [ROUNDS] * THREADS
    assert early == []


def test_who_waits_is_told_that_the_gate_is_broken():
    gate, told = Gate(THREADS), []

    def work(number):
        if number == 0:
            gate.break_up()
            return
        with pytest.raises(GateBroken):
            gate.wait(number)
        told.append(number)

    _all(work)
    assert sorted(told) == [1, 2, 3]


def test_one_thread_never_waits():
    gate = Gate(1)
    for _ in range(3):
        gate.wait(0)


def test_a_gate_may_be_broken_more_than_once():
    gate = Gate(2)
    gate.break_up()
    gate.break_up()
    with pytest.raises(GateBroken):
        gate.wait(1)
