"""The vocabulary of the fast forms: a call bound to its arrays, and numbers as arrays.

A number that is an array of no dimensions costs a ufunc less than a Python float does.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from core.arrays import FloatArray

Call: TypeAlias = Callable[[], object]
"""One ufunc or matrix product with everything that it reads and writes."""

bind = partial


def number(value: float, dtype: npt.DTypeLike) -> FloatArray:
    """A number as an array of shape ()."""
    return np.array(value, dtype=dtype)


def run(calls: Sequence[Call]) -> None:
    """Make the calls, one after the other."""
    for call in calls:
        call()
