"""Columns counted in bins: of about equally many numbers, of levels, with missing and unseen values apart."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.column_profile import MOST_LEVELS, ColumnProfile
from core.errors import EncodingError
from core.table import CategoryColumn, NumberColumn


def numbers(*values: float) -> NumberColumn:
    return NumberColumn(np.array(values, dtype=np.float64))


def categories(*values: str | None) -> CategoryColumn:
    names = tuple(sorted({value for value in values if value is not None}))
    return CategoryColumn(np.array([-1 if v is None else names.index(v) for v in values], dtype=np.int32), names)


def test_numbers_fall_into_tenths_with_what_training_never_saw_at_both_ends() -> None:
    profile = ColumnProfile.of("a", numbers(*range(1, 101), np.nan))
    # Below 1; ten bins of ten; above 100; missing.
    assert profile.counts == (0, *[10] * 10, 0, 1)
    assert len(profile.bins) == len(profile.counts)
    assert profile.bins[1:3] == ("(1, 10]", "(10, 20]")  # 1 is shown rounded: its bin begins just below it
    later = profile.count(numbers(0.5, 1, 10, 10.5, 100, 101, np.nan, np.nan))
    assert later.tolist() == [1, 2, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2]


def test_few_different_numbers_have_a_bin_each() -> None:
    profile = ColumnProfile.of("flag", numbers(0, 0, 0, 1))
    assert profile.counts == (0, 3, 1, 0, 0)
    assert profile.count(numbers(0, 1, 1, 0.5)).tolist() == [0, 1, 3, 0, 0]  # what lies between goes with the upper one


def test_a_constant_and_an_empty_column_have_profiles_too() -> None:
    constant = ColumnProfile.of("c", numbers(7, 7))
    assert constant.counts == (0, 2, 0, 0)
    assert constant.count(numbers(6, 7, 8)).tolist() == [1, 1, 1, 0]
    nothing = ColumnProfile.of("n", numbers(np.nan, np.nan))
    assert (nothing.counts, nothing.bins) == ((0, 2), ("(any)", "(missing)"))
    assert nothing.count(numbers(1.0)).tolist() == [1, 0]


def test_levels_are_counted_by_name_and_unseen_ones_together() -> None:
    profile = ColumnProfile.of("c", categories("b", "a", "b", None))
    assert profile.levels == ("b", "a")
    assert profile.counts == (2, 1, 0, 1)
    assert profile.count(categories("a", "x", "y", None, "b")).tolist() == [1, 1, 2, 1]
    many = ColumnProfile.of("m", categories(*[str(number) for number in range(MOST_LEVELS + 5)]))
    assert len(many.counts) == MOST_LEVELS + 2
    assert many.counts[-2:] == (5, 0)


@pytest.mark.parametrize("column", [numbers(1, 2.5, np.nan, 0.1), categories("x", None), numbers()])
def test_a_profile_survives_json_to_the_bit(column: NumberColumn | CategoryColumn) -> None:
    profile = ColumnProfile.of("a", column)
    assert ColumnProfile.from_dict(json.loads(json.dumps(profile.to_dict()))) == profile


def test_values_of_another_type_are_refused() -> None:
    with pytest.raises(EncodingError, match="another type"):
        ColumnProfile.of("a", numbers(1)).count(categories("x"))
