"""Splits: disjoint parts that cover all rows, stratified, the same for the same seed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NotEnoughRows
from core.splits import split_rows


def split(n, validation=0.1, test=0.0, seed=0, strata=None):
    strata = None if strata is None else np.array(strata)
    return split_rows(n, validation_fraction=validation, test_fraction=test, seed=seed, strata=strata)


@given(
    classes=st.lists(st.integers(0, 4), min_size=10, max_size=120),
    stratified=st.booleans(),
    validation=st.sampled_from([0.0, 0.01, 0.1, 0.5]),
    test=st.sampled_from([0.0, 0.01, 0.15, 0.4]),
    seed=st.integers(0, 5),
)
def test_parts_cover_all_rows_once_and_every_class_trains(classes, stratified, validation, test, seed):
    parts = split(len(classes), validation, test, seed, classes if stratified else None)
    together = np.concatenate([parts.train, parts.validation, parts.test])
    assert sorted(together.tolist()) == list(range(len(classes)))
    for part, fraction in ((parts.validation, validation), (parts.test, test)):
        assert (len(part) > 0) == (fraction > 0)
    for part in (parts.train, parts.validation, parts.test):
        assert part.dtype == np.int64
        assert (np.diff(part) > 0).all()
    assert len(parts.train) > 0
    if stratified:
        assert set(np.array(classes)[parts.train]) == set(classes)


def test_parts_are_stratified():
    strata = [0] * 60 + [1] * 30 + [2] * 10
    parts = split(100, 0.2, 0.3, strata=strata)
    assert np.bincount(np.array(strata)[parts.test]).tolist() == [18, 9, 3]
    assert np.bincount(np.array(strata)[parts.validation]).tolist() == [12, 6, 2]


def test_a_rare_class_keeps_a_row_to_train_on_and_its_share_goes_to_others():
    strata = [0] * 98 + [1] * 2
    parts = split(100, 0.5, 0.4, strata=strata)
    assert 1 in np.array(strata)[parts.train]
    assert (len(parts.validation), len(parts.test)) == (50, 40)


def test_a_class_of_one_row_makes_the_split_random_but_trains():
    strata = [0] * 50 + [1] * 49 + [2]
    for seed in range(20):
        assert 99 in split(100, 0.2, 0.2, seed, strata).train
    counts = {tuple(np.bincount(np.array(strata)[split(100, 0.2, 0.2, seed, strata).test])) for seed in range(20)}
    assert len(counts) > 1


def test_any_integers_can_be_classes():
    parts = split(40, strata=[-7] * 20 + [10**9] * 20)
    assert np.bincount(parts.validation // 20).tolist() == [5, 5]


def test_validation_has_ten_rows_where_that_leaves_twice_as_many():
    assert len(split(30).validation) == 10
    assert len(split(29).validation) == 3
    assert len(split(12).validation) == 1
    assert len(split(150).validation) == 15
    assert len(split(36, test=0.2).validation) == 4
    assert len(split(100, validation=0.0).validation) == 0


def test_the_seed_decides():
    assert split(50, seed=1).validation.tolist() == split(50, seed=1).validation.tolist()
    assert split(50, seed=1).validation.tolist() != split(50, seed=2).validation.tolist()


def test_fewer_than_ten_rows_are_not_enough():
    assert len(split(10).train) == 9
    with pytest.raises(NotEnoughRows, match="9 rows to train on"):
        split(9)


def test_many_classes_shrink_the_parts_that_are_held_out():
    parts = split(24, 0.4, 0.4, strata=[*range(20), 0, 1, 2, 3])
    assert len(parts.train) == 20
    assert len(parts.validation) + len(parts.test) == 4
    assert min(len(parts.validation), len(parts.test)) >= 1


def test_more_parts_than_rows_to_hold_out_are_refused():
    with pytest.raises(NotEnoughRows, match="only 1 can be held out"):
        split(12, 0.1, 0.1, strata=[*range(11), 0])
    with pytest.raises(NotEnoughRows, match="only 0 can be held out"):
        split(12, strata=range(12))
