"""How fast something repeats."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable

SETTLE_SECONDS = 0.1
"""Threads of an OpenBLAS or OpenMP that was busy just before spin for some 30 ms before they sleep."""

WARM_UP_SHARE = 0.1


def repeats_per_second(
    run: Callable[[int], object],
    seconds: float,
    *,
    clock: Callable[[], float] = time.perf_counter,
    settle: Callable[[float], object] = time.sleep,
) -> float:
    """The rate at which `run(count)` does what it does `count` times.

    It is warmed up first: for a tenth of the time, at least once. What is measured then takes about `seconds`, or one
    repeat where that takes longer.
    """
    gc.collect()
    settle(SETTLE_SECONDS)
    count, warming = 1, clock()
    while True:
        started = clock()
        run(count)
        ended = clock()
        if ended - warming >= WARM_UP_SHARE * seconds:
            break
        count *= 2
    count = max(1, math.ceil(count * seconds / (ended - started)))
    started = clock()
    run(count)
    return count / (clock() - started)
