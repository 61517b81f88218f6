"""The encoding of features: what the training rows decide, what new rows get, and the way through JSON."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.encoding import BLOCK_ROWS, Encoding
from core.errors import EncodingError, UnreadableState
from core.features import MAX_NUMBER
from core.table import CategoryColumn, NumberColumn

NAN = math.nan


def numbers(*values):
    return NumberColumn(np.array(values, dtype=np.float64))


def categories(*values, names=("a", "b", "c")):
    codes = [-1 if value is None else names.index(value) for value in values]
    return CategoryColumn(np.array(codes, dtype=np.int32), names)


def fit(clip=5.0, **columns):
    return Encoding.fit(columns, list(columns), clip=clip)


def encoded(encoding, **columns):
    X, notices = encoding.transform(columns)
    return X.tolist(), [(notice.row, notice.feature, notice.code) for notice in notices]


def test_numbers_are_standardised_on_the_training_rows():
    # Mean 3, standard deviation √((4 + 0 + 4)/3) = √(8/3).
    encoding = fit(x=numbers(1, 3, 5))
    X, notices = encoding.transform({"x": numbers(1, 3, 5, 7)})
    np.testing.assert_allclose(X[:, 0], np.array([-2, 0, 2, 4]) / math.sqrt(8 / 3), rtol=1e-6)
    assert notices == []
    assert X.dtype == np.float32
    assert X.flags.c_contiguous


def test_numbers_are_clipped():
    encoding = fit(x=numbers(-1, 1))
    assert encoded(encoding, x=numbers(-100, 0.5, 100, MAX_NUMBER)) == ([[-5], [0.5], [5], [5]], [])


def test_the_clip_can_be_off_and_inputs_stay_finite():
    encoding = fit(clip=None, x=numbers(-1, 1))
    assert encoded(encoding, x=numbers(100, -MAX_NUMBER, MAX_NUMBER)) == ([[100], [-1e6], [1e6]], [])


def test_a_constant_number_is_named_and_always_encodes_as_zero():
    encoding = fit(x=numbers(0.1, 0.1, 0.1), y=numbers(1, 2, 3))
    assert [(w.row, w.feature, w.code) for w in encoding.warnings] == [(None, "x", "constant_column")]
    X, _ = encoded(encoding, x=numbers(0.1, 7.0), y=numbers(2, 2))
    assert X == [[0, 0], [0, 0]]


def test_a_constant_category_is_named_and_always_encodes_as_zero():
    encoding = fit(x=categories("b", "b"))
    assert [(w.feature, w.code) for w in encoding.warnings] == [("x", "constant_column")]
    assert encoding.n_inputs == 1
    assert encoded(encoding, x=categories("b", "a")) == ([[0], [0]], [(1, "x", "unseen_category")])


def test_a_column_without_any_value_is_constant():
    encoding = fit(x=numbers(NAN, NAN), y=categories(None, None))
    assert [w.feature for w in encoding.warnings] == ["x", "y"]
    assert encoding.n_inputs == 2
    assert encoded(encoding, x=numbers(5.0), y=categories("a"))[0] == [[0, 0]]


def test_missing_numbers_take_the_mean_and_are_indicated():
    encoding = fit(x=numbers(1, NAN, 3), y=numbers(0, 2, 4))
    assert encoding.n_inputs == 3
    assert encoding.features[0].indicator
    X, notices = encoded(encoding, x=numbers(NAN, 3), y=numbers(2, 2))
    assert X == [[0, 1, 0], [1, 0, 0]]
    assert notices == []


def test_a_constant_number_that_is_sometimes_missing_keeps_its_indicator():
    encoding = fit(x=numbers(2, NAN, 2))
    assert encoded(encoding, x=numbers(2, NAN, 9)) == ([[0, 0], [0, 1], [0, 0]], [])


def test_a_number_first_missing_at_prediction_takes_the_mean_and_a_notice():
    encoding = fit(x=numbers(1, 3))
    assert encoded(encoding, x=numbers(3, NAN)) == ([[1], [0]], [(1, "x", "missing_value_imputed")])


def test_categories_are_one_hot_over_the_levels_that_training_saw():
    encoding = fit(x=categories("c", "a", "c"))
    assert encoding.features[0].categories == ("a", "c")
    assert encoded(encoding, x=categories("a", "c")) == ([[1, 0], [0, 1]], [])


def test_a_missing_category_is_a_level_where_training_saw_one():
    encoding = fit(x=categories("a", None, "b"))
    assert encoded(encoding, x=categories(None, "b")) == ([[0, 0, 1], [0, 1, 0]], [])


def test_a_category_first_missing_at_prediction_is_zeros_and_a_notice():
    encoding = fit(x=categories("a", "b"))
    assert encoded(encoding, x=categories(None)) == ([[0, 0]], [(0, "x", "missing_category")])


def test_an_unseen_category_is_zeros_and_a_notice_that_names_it():
    encoding = fit(x=categories("a", "b"))
    X, notices = encoding.transform({"x": categories("c", "new", names=("new", "c"))})
    assert X.tolist() == [[0, 0], [0, 0]]
    assert [notice.row for notice in notices] == [0, 1]
    assert "'new'" in notices[1].detail


def test_categories_are_matched_by_name_not_by_code():
    encoding = fit(x=categories("a", "b"))
    assert encoded(encoding, x=categories("b", "a", names=("b", "a")))[0] == [[0, 1], [1, 0]]


def test_features_keep_their_order_beside_each_other():
    encoding = fit(b=categories("a", "b"), n=numbers(0, 2), m=numbers(4, NAN), c=categories("b", None))
    assert encoding.n_inputs == 2 + 1 + 2 + 2
    X, _ = encoded(encoding, c=categories("b"), m=numbers(NAN), n=numbers(2), b=categories("b"), other=numbers(1))
    assert X == [[0, 1, 1, 0, 1, 1, 0]]


def test_notices_are_bounded_and_sorted_by_row():
    encoding = fit(x=numbers(1, 3), y=categories("a", "b"))
    table = {"x": numbers(*[1.0] * 50, *[NAN] * 50), "y": categories(*["c"] * 100)}
    _, notices = encoding.transform(table)
    assert len(notices) == 100
    assert [notice.row for notice in notices] == sorted(notice.row for notice in notices)
    assert {notice.code for notice in notices} == {"missing_value_imputed", "unseen_category"}
    assert len(encoding.transform(table, max_notices=7)[1]) == 7
    assert encoding.transform(table, max_notices=0)[1] == []


def test_a_table_longer_than_a_block_is_encoded_whole():
    values = np.random.default_rng(0).normal(size=(2 * BLOCK_ROWS + 3, 2))
    table = {"x": NumberColumn(values[:, 0]), "y": NumberColumn(values[:, 1])}
    X, _ = fit(clip=2.0, **table).transform(table)
    np.testing.assert_allclose(X, np.clip((values - values.mean(axis=0)) / values.std(axis=0), -2, 2), atol=1e-5)


def test_an_empty_table_gives_no_rows():
    assert fit(x=numbers(1, 2), y=categories("a")).transform({"x": numbers(), "y": categories()})[0].shape == (0, 2)


@pytest.mark.parametrize("values", [(MAX_NUMBER, -MAX_NUMBER, 0), (1e-320, 2e-320, 3e-320), (1e16, 1e16 + 2, 1e16 + 4)])
def test_huge_and_tiny_numbers_are_standardised_all_the_same(values):
    X, _ = fit(x=numbers(*values)).transform({"x": numbers(*sorted(values))})
    np.testing.assert_allclose(X[:, 0], [-math.sqrt(1.5), 0, math.sqrt(1.5)], atol=1e-3)


@pytest.mark.parametrize("value", [math.inf, -math.inf, 1e39, 1e308])
def test_a_number_outside_float32_is_refused_by_column_and_row(value):
    encoding = fit(x=numbers(1, 2))
    for attempt in (lambda: fit(x=numbers(1, value)), lambda: encoding.transform({"x": numbers(1, value)})):
        with pytest.raises(EncodingError) as refused:
            attempt()
        assert (refused.value.column, refused.value.row) == ("x", 1)


def test_a_table_that_does_not_fit_is_refused():
    encoding = fit(x=numbers(1, 2), y=categories("a", "b"))
    with pytest.raises(EncodingError, match="no column 'y'"):
        encoding.transform({"x": numbers(1)})
    with pytest.raises(EncodingError, match="'y' must be a category column"):
        encoding.transform({"x": numbers(1), "y": numbers(1)})
    with pytest.raises(EncodingError, match="'x' must be a number column"):
        encoding.transform({"x": categories("a"), "y": categories("a")})
    with pytest.raises(EncodingError, match="'y' has 1 rows, others 2"):
        encoding.transform({"x": numbers(1, 2), "y": categories("a")})
    with pytest.raises(EncodingError, match="no column 'z'"):
        Encoding.fit({"x": numbers(1)}, ["z"], clip=None)
    with pytest.raises(EncodingError, match="no feature"):
        Encoding.fit({"x": numbers(1)}, [], clip=None)


def test_an_encoding_survives_json_to_the_bit():
    random = np.random.default_rng(0)
    columns = {
        "n": NumberColumn(random.normal(size=9) * 1e-7),
        "m": numbers(*[NAN] * 3, *random.normal(size=6)),
        "k": numbers(*[4.0] * 9),
        "c": categories(*"abcabcab", None),
    }
    encoding = fit(**columns)
    again = Encoding.from_dict(json.loads(json.dumps(encoding.to_dict(), allow_nan=False)))
    assert again == encoding
    assert (again.transform(columns)[0] == encoding.transform(columns)[0]).all()


def test_an_encoding_of_another_format_is_refused():
    with pytest.raises(UnreadableState, match="format version 99"):
        Encoding.from_dict({**fit(x=numbers(1, 2)).to_dict(), "format_version": 99})


@given(
    train=st.lists(st.floats(-MAX_NUMBER, MAX_NUMBER) | st.just(NAN), min_size=1, max_size=8),
    new=st.lists(st.floats(-MAX_NUMBER, MAX_NUMBER) | st.just(NAN), max_size=8),
    clip=st.none() | st.floats(0.1, 100),
)
@settings(deadline=None)
def test_whatever_float32_holds_is_encoded_finite(train, new, clip):
    encoding = fit(clip=clip, x=numbers(*train))
    for values in (train, new):
        X, _ = encoding.transform({"x": numbers(*values)})
        assert np.isfinite(X).all()
        assert (np.abs(X[:, 0]) <= np.float32(clip or 1e6)).all()


def test_columns_may_come_one_by_one():
    columns = {"x": numbers(1, 3, NAN), "k": categories("a", None, "c"), "z": numbers(2, 2, 2)}
    taken = []

    def coming():
        for name, column in columns.items():
            taken.append(name)
            yield name, column

    one_by_one = Encoding.fit_one_by_one(coming(), clip=5.0)
    assert taken == list(columns)
    assert one_by_one == fit(**columns)
    assert [notice.feature for notice in one_by_one.warnings] == ["z"]
    with pytest.raises(EncodingError):
        Encoding.fit_one_by_one(iter(()), clip=5.0)
