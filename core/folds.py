"""Which rows each fold of a cross-validation holds out."""

import numpy as np
import numpy.typing as npt

from core.arrays import IndexArray
from core.errors import NotEnoughRows
from core.randomness import Purpose, stream


def fold_rows(n_rows: int, folds: int, *, seed: int, strata: npt.NDArray[np.integer] | None = None) -> list[IndexArray]:
    """Deal rows 0…n_rows−1 out into folds, the same way for the same seed: disjoint sorted parts of nearly equal size.

    With strata, each row's class, every fold has its share of every class. A class with one row is held out by no fold:
    nothing would be left to learn it from.

    Raises
    ------
    NotEnoughRows
        When there are fewer rows to hold out than folds.
    """
    order = stream(seed, Purpose.FOLDS).permutation(n_rows)
    if strata is not None:
        classes = strata[order]
        order = order[np.bincount(classes)[classes] > 1]
        order = order[np.argsort(strata[order], kind="stable")]
    if len(order) < folds:
        raise NotEnoughRows(
            f"{len(order)} rows cannot be held out by {folds} folds", "add rows, or ask for fewer folds"
        )
    return [np.sort(order[fold::folds]) for fold in range(folds)]
