"""Which rows train, which validate, which test."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.arrays import IndexArray
from core.errors import NotEnoughRows
from core.randomness import Purpose, stream

MINIMUM_ROWS = 10
LEAST_VALIDATION_ROWS = 10


@dataclass(frozen=True, eq=False)
class Split:
    """Three disjoint parts that cover all rows; each a sorted int64 array."""

    train: IndexArray
    validation: IndexArray
    test: IndexArray


def split_rows(
    n_rows: int,
    *,
    validation_fraction: float,
    test_fraction: float,
    seed: int,
    strata: npt.NDArray[np.integer] | None = None,
) -> Split:
    """Split rows 0…n_rows−1, the same way for the same seed.

    A part whose fraction is above 0 has at least one row; the validation part at least 10 where that leaves twice as
    many to train on. Every class keeps a row in the training part. Where every class has two rows the parts are
    stratified, else random.

    Parameters
    ----------
    strata : ndarray of int of shape (n_rows,), or None
        Each row's class; None for no classes.

    Raises
    ------
    NotEnoughRows
        When there are fewer than 10 rows, or not one for each part beside one for each class.
    """
    if n_rows < MINIMUM_ROWS:
        raise NotEnoughRows(f"there are {n_rows} rows to train on; at least {MINIMUM_ROWS} are needed", "add rows")
    shuffled = stream(seed, Purpose.SPLIT).permutation(n_rows)
    labels = np.zeros(n_rows, dtype=np.int64) if strata is None else strata
    _, first, classes, counts = np.unique(labels[shuffled], return_index=True, return_inverse=True, return_counts=True)
    always_train = first if strata is not None else first[:0]
    spare = np.delete(np.arange(n_rows), always_train)
    n_test, n_validation = _sizes(n_rows, len(spare), test_fraction, validation_fraction)
    if counts.min() < 2:
        classes, counts = np.zeros_like(classes), np.array([n_rows])
    test = _pick(spare, classes, counts, n_test)
    spare = np.setdiff1d(spare, test)
    validation = _pick(spare, classes, counts, n_validation)
    train = np.setdiff1d(np.arange(n_rows), np.concatenate([test, validation]))
    return Split(*(np.sort(shuffled[part]) for part in (train, validation, test)))


def _sizes(n_rows: int, n_spare: int, test_fraction: float, validation_fraction: float) -> tuple[int, int]:
    """Rows to test, rows to validate."""
    n_test = max(1, round(n_rows * test_fraction)) if test_fraction else 0
    n_validation = max(1, round(n_rows * validation_fraction)) if validation_fraction else 0
    if n_validation and n_rows - n_test - LEAST_VALIDATION_ROWS >= 2 * LEAST_VALIDATION_ROWS:
        n_validation = max(n_validation, LEAST_VALIDATION_ROWS)
    parts = (n_test > 0) + (n_validation > 0)
    if n_spare < parts:
        raise NotEnoughRows(
            f"of {n_rows} rows only {n_spare} can be held out when every class keeps one to train on",
            "add rows, or hold out fewer parts",
        )
    n_validation = min(n_validation, max(n_spare - n_test, n_validation > 0))
    return min(n_test, n_spare - n_validation), n_validation


def _pick(candidates: IndexArray, classes: IndexArray, counts: IndexArray, size: int) -> IndexArray:
    """The first candidates of each class, in proportion to the classes' counts (largest remainders)."""
    available = np.bincount(classes[candidates], minlength=len(counts))
    ideal = size * counts / counts.sum()
    quota = np.minimum(np.floor(ideal).astype(np.int64), available)
    for _ in range(size - int(quota.sum())):
        quota[np.argmax(np.where(quota < available, ideal - quota, -np.inf))] += 1
    order = np.argsort(classes[candidates], kind="stable")
    starts = np.cumsum(available) - available
    rank = np.empty(len(candidates), dtype=np.int64)  # of a candidate within its class
    rank[order] = np.arange(len(candidates)) - np.repeat(starts, available)
    picked: IndexArray = candidates[rank < quota[classes[candidates]]]
    return picked
