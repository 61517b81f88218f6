"""What the API says of a number column that is made some rows at a time, none of them missing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt


class RunningDescription:
    """Extent, mean and spread of the values so far; the fields are those of `store.ingest.description`.

    Means and sums of squared deviations of blocks are put together as Chan, Golub and LeVeque (1983), equation 2.1, do.
    """

    def __init__(self) -> None:
        self._count = 0
        self._mean = self._squares = 0.0
        self._least: int | float | None = None
        self._most: int | float | None = None

    def add(self, values: npt.NDArray[np.generic]) -> None:
        """Take a block's numbers, integers or booleans (as 0 and 1)."""
        if len(values) == 0:
            return
        numbers: npt.NDArray[Any] = values.astype(np.int64) if values.dtype == np.bool_ else np.asarray(values)
        least, most = numbers.min().item(), numbers.max().item()
        self._least = least if self._least is None else min(self._least, least)
        self._most = most if self._most is None else max(self._most, most)
        mean = float(numbers.mean(dtype=np.float64))
        squares = float(np.square(numbers - mean, dtype=np.float64).sum())
        count = self._count + len(numbers)
        apart = mean - self._mean
        self._squares += squares + apart * apart * self._count * len(numbers) / count
        self._mean += apart * len(numbers) / count
        self._count = count

    def extent(self) -> dict[str, float | int | None]:
        """``min``, ``max``, ``mean`` and ``std`` (divisor n − 1)."""
        std = math.sqrt(self._squares / (self._count - 1)) if self._count > 1 else None
        return {
            "min": self._least,
            "max": self._most,
            "mean": self._mean if self._count and math.isfinite(self._mean) else None,
            "std": std if std is not None and math.isfinite(std) else None,
        }
