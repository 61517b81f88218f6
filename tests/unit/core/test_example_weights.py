"""Weights of examples: by hand, and what is refused."""

import numpy as np
import pytest

from core.errors import EncodingError
from core.example_weights import class_weights, example_weights, mean_loss, sample_weights, shares
from core.table import CategoryColumn, NumberColumn
from core.targets import TargetEncoding

CLASSES = TargetEncoding("classification", ("y",), ("no", "yes"))
TRUTHS = TargetEncoding("classification", ("y",), (False, True))
Y = np.array([[1, 0], [1, 0], [1, 0], [0, 1]], dtype=np.float32)


def test_balanced_worked_by_hand():
    # Four rows, two classes of three and one: 4/(2 · 3), 4/(2 · 1); each class weighs 2 in all.
    weights = class_weights("balanced", Y, CLASSES)
    assert weights.tolist() == pytest.approx([2 / 3, 2])
    assert (weights * [3, 1]).tolist() == pytest.approx([2, 2])


def test_given_class_weights_are_found_by_the_json_text_and_others_are_one():
    assert class_weights({"yes": 5.0}, Y, CLASSES).tolist() == [1, 5]
    assert class_weights({"true": 5.0}, Y, TRUTHS).tolist() == [1, 5]
    assert class_weights(None, Y, CLASSES) is None


def test_class_and_sample_weights_multiply():
    of_classes, of_samples = np.array([1.0, 5.0]), np.array([1.0, 2.0, 0.0, 3.0])
    assert example_weights(Y, of_classes, of_samples).tolist() == [1, 2, 0, 15]
    assert example_weights(Y, of_classes, None).tolist() == [1, 1, 1, 5]
    assert example_weights(Y, None, of_samples).tolist() == [1, 2, 0, 3]
    assert example_weights(Y, None, None) is None
    assert example_weights(Y, of_classes, of_samples).dtype == np.float32


def test_shares_worked_by_hand():
    # (1, 3, 0)/4; of no weight at all nothing.
    weights = np.array([1, 3, 0], dtype=np.float32)
    assert shares(weights).tolist() == [0.25, 0.75, 0]
    assert shares(weights).dtype == np.float32
    assert shares(0 * weights).tolist() == [0, 0, 0]
    assert mean_loss(np.array([8.0, 4.0, 100.0]), shares(weights)) == 5.0
    assert mean_loss(np.array([8.0, 4.0, 3.0]), None) == 5.0


def test_sample_weights_are_the_columns_numbers():
    assert sample_weights("w", NumberColumn(np.array([0.0, 2.5]))).tolist() == [0, 2.5]


@pytest.mark.parametrize(("value", "said"), [(np.nan, "missing"), (-1.0, "-1")])
def test_a_weight_that_is_missing_or_negative_is_refused_by_its_row(value, said):
    with pytest.raises(EncodingError, match=f"'w' is {said} in row 1") as refused:
        sample_weights("w", NumberColumn(np.array([1.0, value])))
    assert (refused.value.column, refused.value.row) == ("w", 1)


def test_categories_are_no_weights():
    with pytest.raises(EncodingError, match="holds categories"):
        sample_weights("w", CategoryColumn(np.array([0], dtype=np.int32), ("a",)))
