"""The rate at which NumPy multiplies large float32 matrices here: what a training could reach at most."""

from __future__ import annotations

import os

import numpy as np
from threadpoolctl import threadpool_limits

from bench.pace import repeats_per_second

SIZE = 2048


def sgemm_rates(seconds: float) -> dict[int, float]:
    """Floating-point operations per second of a product of 2048³, by the number of BLAS threads: one, and all cores."""
    random = np.random.default_rng(0)
    a, b = (random.standard_normal((SIZE, SIZE), dtype=np.float32) for _ in range(2))
    c = np.empty_like(a)

    def multiply(count: int) -> None:
        for _ in range(count):
            np.matmul(a, b, out=c)

    rates = {}
    for threads in sorted({1, os.cpu_count() or 1}):
        with threadpool_limits(limits=threads):
            rates[threads] = 2 * SIZE**3 * repeats_per_second(multiply, seconds)
    return rates
