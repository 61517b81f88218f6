"""Folds: every row is held out once, by the seed, and every class has its share."""

import numpy as np
import pytest

from core.errors import NotEnoughRows
from core.folds import fold_rows


@pytest.mark.parametrize("strata", [None, np.arange(53) % 3])
def test_every_row_is_held_out_by_exactly_one_fold(strata):
    folds = fold_rows(53, 5, seed=1, strata=strata)
    assert sorted(np.concatenate(folds).tolist()) == list(range(53))
    assert {len(fold) for fold in folds} == {10, 11}
    assert all((np.diff(fold) > 0).all() for fold in folds)


def test_folds_are_a_function_of_the_seed():
    first, same, other = (fold_rows(53, 5, seed=seed) for seed in (1, 1, 2))
    assert all((a == b).all() for a, b in zip(first, same, strict=True))
    assert any(a.tolist() != b.tolist() for a, b in zip(first, other, strict=True))


def test_every_fold_has_its_share_of_every_class():
    strata = np.repeat([0, 1, 2], [60, 30, 10])
    for fold in fold_rows(100, 5, seed=0, strata=strata):
        assert np.bincount(strata[fold]).tolist() == [12, 6, 2]


def test_the_only_row_of_a_class_is_never_held_out():
    strata = np.array([0] * 10 + [1] + [2] * 10)
    assert 10 not in np.concatenate(fold_rows(21, 4, seed=0, strata=strata))


def test_more_folds_than_rows_are_refused():
    with pytest.raises(NotEnoughRows, match="by 5 folds"):
        fold_rows(4, 5, seed=0)
