"""Targets: classes, labels, distributions and values, there and back."""

import json
import math

import numpy as np
import pytest

from core.errors import EncodingError, OneClass, UnreadableState
from core.table import CategoryColumn, NumberColumn
from core.targets import TargetEncoding


def numbers(*values):
    return NumberColumn(np.array(values, dtype=np.float64))


def categories(*values, names=("a", "b", "c")):
    return CategoryColumn(np.array([names.index(v) if v else -1 for v in values], dtype=np.int32), names)


def test_classes_of_a_category_are_those_that_occur():
    encoding = TargetEncoding.fit({"y": categories("c", "a", "c")}, ["y"], "classification")
    assert encoding.classes == ("a", "c")
    assert encoding.n_outputs == 2
    assert encoding.transform({"y": categories("c", "a")}).tolist() == [[0, 1], [1, 0]]


def test_classes_of_a_number_are_integers_in_order():
    encoding = TargetEncoding.fit({"y": numbers(3, 1, 3, 2.5)}, ["y"], "classification")
    assert encoding.classes == (1, 2.5, 3)
    assert [type(each) for each in encoding.classes] == [int, float, int]
    assert encoding.transform({"y": numbers(3, 1)}).tolist() == [[0, 0, 1], [1, 0, 0]]


@pytest.mark.parametrize("values", [[False, True], [0, 1]])
def test_classes_keep_the_json_type_that_is_given(values):
    encoding = TargetEncoding.fit({"y": numbers(1, 0)}, ["y"], "classification", values)
    assert [(type(each), each) for each in encoding.classes] == [(type(each), each) for each in values]
    assert encoding.transform({"y": numbers(1, 0)}).tolist() == [[0, 1], [1, 0]]
    again = TargetEncoding.from_dict(json.loads(json.dumps(encoding.to_dict())))
    assert [type(each) for each in again.classes] == [type(each) for each in values]


@pytest.mark.parametrize("column", [numbers(4, 4), categories("b", "b")])
def test_one_class_is_not_enough(column):
    with pytest.raises(OneClass, match="'y' has 1 class;"):
        TargetEncoding.fit({"y": column}, ["y"], "classification")


def test_a_class_that_is_given_but_does_not_occur_does_not_count():
    with pytest.raises(OneClass, match="'y' has 1 class;"):
        TargetEncoding.fit({"y": categories("b", "b")}, ["y"], "classification", ["a", "b"])
    with pytest.raises(OneClass, match="'y' has 0 classes;"):
        TargetEncoding.fit({"y": categories()}, ["y"], "classification")


@pytest.mark.parametrize(
    ("fitted", "new"), [(numbers(0, 1), numbers(1, 2)), (categories("a", "b"), categories("a", "c"))]
)
def test_an_unknown_class_is_refused_by_row(fitted, new):
    encoding = TargetEncoding.fit({"y": fitted}, ["y"], "classification")
    with pytest.raises(EncodingError, match="unknown class") as refused:
        encoding.transform({"y": new})
    assert (refused.value.column, refused.value.row) == ("y", 1)


def test_a_value_that_the_target_was_trained_on_is_standardised_and_back():
    # Mean 3, standard deviation 2.
    encoding = TargetEncoding.fit({"y": numbers(1, 5)}, ["y"], "regression")
    assert encoding.transform({"y": numbers(1, 3, 9)}).tolist() == [[-1], [0], [3]]
    assert encoding.inverse(np.array([[-1], [0.5]], dtype=np.float32)).tolist() == [[1], [4]]
    assert encoding.classes == ()


def test_several_values_each_have_their_own_scale():
    encoding = TargetEncoding.fit({"b": numbers(0, 2), "a": numbers(100, 300)}, ["a", "b"], "regression")
    assert encoding.n_outputs == 2
    assert encoding.transform({"a": numbers(300), "b": numbers(0)}).tolist() == [[1, -1]]
    assert encoding.inverse(np.array([[1.0, -1.0]])).tolist() == [[300, 0]]


def test_a_constant_value_is_warned_about_and_predicted_as_it_is():
    encoding = TargetEncoding.fit({"y": numbers(0.1, 0.1, 0.1)}, ["y"], "regression")
    assert [(w.feature, w.code) for w in encoding.warnings] == [("y", "constant_target")]
    assert encoding.transform({"y": numbers(0.1)}).tolist() == [[0]]
    assert encoding.inverse(np.zeros((1, 1))).tolist() == [[0.1]]


def test_the_largest_numbers_make_a_finite_target_and_come_back():
    largest = float(np.finfo(np.float32).max)
    encoding = TargetEncoding.fit({"y": numbers(-largest, largest)}, ["y"], "regression")
    Y = encoding.transform({"y": numbers(-largest, largest)})
    assert Y.tolist() == [[-1], [1]]
    assert encoding.inverse(Y).tolist() == [[-largest], [largest]]
    narrow = TargetEncoding.fit({"y": numbers(0, 1e-30)}, ["y"], "regression")
    assert np.isfinite(narrow.transform({"y": numbers(largest)})).all()


def test_labels_are_zeros_and_ones():
    encoding = TargetEncoding.fit({"a": numbers(0, 1), "b": numbers(1, 1)}, ["a", "b"], "multilabel")
    assert encoding.classes == ("a", "b")
    assert encoding.transform({"a": numbers(0, 1), "b": numbers(1, 0)}).tolist() == [[0, 1], [1, 0]]
    assert [w.feature for w in encoding.warnings] == ["b"]


def test_a_label_that_is_neither_is_refused_by_row():
    encoding = TargetEncoding.fit({"a": numbers(0, 1)}, ["a"], "multilabel")
    with pytest.raises(EncodingError, match=r"is 0\.5 in row 1, not 0 or 1") as refused:
        encoding.transform({"a": numbers(1, 0.5)})
    assert (refused.value.column, refused.value.row) == ("a", 1)


def test_distributions_stay_as_they_are():
    columns = {"a": numbers(0.25, 0.5), "b": numbers(0.75, 0.5)}
    encoding = TargetEncoding.fit(columns, ["a", "b"], "distribution")
    assert encoding.transform(columns).tolist() == [[0.25, 0.75], [0.5, 0.5]]
    outputs = np.array([[0.2, 0.8]])
    assert encoding.inverse(outputs).tolist() == outputs.tolist()


def test_a_distribution_must_sum_to_one_within_a_tolerance():
    encoding = TargetEncoding.fit({"a": numbers(0, 1), "b": numbers(1, 0)}, ["a", "b"], "distribution")
    encoding.transform({"a": numbers(0.50005), "b": numbers(0.5)})
    with pytest.raises(EncodingError, match=r"row 1 sum to 1\.0002") as refused:
        encoding.transform({"a": numbers(0, 0.5002), "b": numbers(1, 0.5)})
    assert refused.value.row == 1


@pytest.mark.parametrize("value", [-0.1, 1.1])
def test_a_share_outside_zero_to_one_is_refused(value):
    with pytest.raises(EncodingError, match="from 0 to 1"):
        TargetEncoding.fit({"a": numbers(0, value), "b": numbers(1, 1 - value)}, ["a", "b"], "distribution")


@pytest.mark.parametrize("task", ["classification", "regression", "multilabel", "distribution"])
def test_a_missing_target_is_refused_by_column_and_row(task):
    names = ["y", "z"] if task == "distribution" else ["y"]
    encoding = TargetEncoding.fit({"y": numbers(0, 1), "z": numbers(1, 0)}, names, task)
    with pytest.raises(EncodingError, match="'y' is missing in row 1") as refused:
        encoding.transform({"y": numbers(0, math.nan), "z": numbers(1, 0)})
    assert (refused.value.column, refused.value.row) == ("y", 1)


def test_a_missing_category_is_refused():
    with pytest.raises(EncodingError, match="missing in row 2"):
        TargetEncoding.fit({"y": categories("a", "b", None)}, ["y"], "classification")


def test_targets_that_do_not_fit_the_task_are_refused():
    with pytest.raises(EncodingError, match="exactly one target, not 2"):
        TargetEncoding.fit({}, ["a", "b"], "classification")
    with pytest.raises(EncodingError, match="at least 2 targets, not 1"):
        TargetEncoding.fit({}, ["a"], "distribution")
    with pytest.raises(EncodingError, match="at least 1 target, not 0"):
        TargetEncoding.fit({}, [], "regression")
    with pytest.raises(EncodingError, match="no column 'a'"):
        TargetEncoding.fit({}, ["a"], "regression")
    with pytest.raises(EncodingError, match="holds categories; regression takes numbers"):
        TargetEncoding.fit({"a": categories("a")}, ["a"], "regression")
    with pytest.raises(EncodingError, match="outside float32"):
        TargetEncoding.fit({"a": numbers(1, 1e39)}, ["a"], "regression")


def test_an_encoding_survives_json_to_the_bit():
    values = np.random.default_rng(0).normal(size=7)
    columns = {"y": NumberColumn(values), "z": NumberColumn(values * 1e-9)}
    encoding = TargetEncoding.fit(columns, ["y", "z"], "regression")
    assert TargetEncoding.from_dict(json.loads(json.dumps(encoding.to_dict(), allow_nan=False))) == encoding


@pytest.mark.parametrize("change", [{"format_version": 2}, {"task": "ranking"}])
def test_an_encoding_of_another_format_is_refused(change):
    encoding = TargetEncoding.fit({"y": numbers(0, 1)}, ["y"], "regression")
    with pytest.raises(UnreadableState):
        TargetEncoding.from_dict({**encoding.to_dict(), **change})
