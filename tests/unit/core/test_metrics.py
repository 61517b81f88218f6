"""Metrics: each score by hand, beside its baseline, and JSON without NaN whatever comes."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.metrics import SCORE_OF, evaluate
from core.targets import TargetEncoding

CLASSES = TargetEncoding("classification", ("y",), ("no", "yes"))
VALUE = TargetEncoding("regression", ("y",), (), (100.0,), (10.0,))
VALUES = TargetEncoding("regression", ("a", "b"), (), (100.0, 0.0), (10.0, 1.0))
LABELS = TargetEncoding("multilabel", ("a", "b"), ("a", "b"))
SHARES = TargetEncoding("distribution", ("a", "b"), ("a", "b"))


def f32(*rows):
    return np.array(rows, dtype=np.float32)


def test_classification_worked_by_hand():
    # Three rows of class no, no, yes; p(yes) = 1/4, 3/4, 3/4: right, wrong, right.
    p = f32([0.75, 0.25], [0.25, 0.75], [0.25, 0.75])
    y = f32([1, 0], [1, 0], [0, 1])
    train = f32([0, 1], [0, 1], [0, 1], [1, 0])
    metrics = evaluate("classification", p, y, CLASSES, train_targets=train, seed=0)
    assert metrics["rows"] == 3
    assert metrics["accuracy"] == pytest.approx(2 / 3)
    # −(ln 3/4 + ln 1/4 + ln 3/4)/3; the Brier score sums both classes: (1/8 + 9/8 + 1/8)/3.
    assert metrics["log_loss"] == pytest.approx(-(2 * math.log(0.75) + math.log(0.25)) / 3)
    assert metrics["brier_score"] == pytest.approx(11 / 24)
    # All in the bin of 0.75: accuracy 2/3, confidence 3/4.
    assert metrics["calibration_error"] == pytest.approx(1 / 12)
    assert [each["rows"] for each in metrics["calibration"]] == [0, 0, 0, 0, 0, 0, 0, 3, 0, 0]
    assert metrics["confusion_matrix"] == {"labels": ["no", "yes"], "matrix": [[1, 1], [0, 1]]}
    # The most frequent class of training, yes, is right once.
    baseline = metrics["baseline"]
    assert (baseline["kind"], baseline["label"]) == ("majority_class", "yes")
    assert baseline["accuracy"] == pytest.approx(1 / 3)
    assert baseline["log_loss"] == pytest.approx(-(2 * math.log(0.25) + math.log(0.75)) / 3)
    interval = metrics["interval"]
    assert (interval["score"], interval["level"]) == ("accuracy", 0.95)
    assert interval["low"] < 2 / 3 < interval["high"]


def test_a_confusion_matrix_of_more_than_a_hundred_classes_is_left_out():
    for classes, there in ((100, True), (101, False)):
        encoding = TargetEncoding("classification", ("y",), tuple(range(classes)))
        y = np.eye(classes, dtype=np.float32)
        metrics = evaluate("classification", y, y, encoding, train_targets=y, seed=0)
        assert ("confusion_matrix" in metrics) == there
        assert metrics["log_loss"] == 0
        assert math.copysign(1, metrics["log_loss"]) == 1  # not −0.0


def test_a_certain_mistake_has_a_finite_log_loss():
    metrics = evaluate("classification", f32([1, 0]), f32([0, 1]), CLASSES, train_targets=f32([1, 0]), seed=0)
    assert 80 < metrics["log_loss"] < 90
    assert math.isfinite(metrics["baseline"]["log_loss"])


def test_regression_is_scored_in_own_units():
    # Own units: wanted 100, 110, 120, predicted 100, 110, 130. R² = 1 − 100/200; RMSE √(100/3); MAE 10/3.
    outputs, y = f32([0], [1], [3]), f32([0], [1], [2])
    metrics = evaluate("regression", outputs, y, VALUE, train_targets=f32([0], [0]), seed=0)
    assert metrics["r2"] == pytest.approx(0.5)
    assert metrics["rmse"] == pytest.approx(math.sqrt(100 / 3))
    assert metrics["mae"] == pytest.approx(10 / 3)
    # The training mean is 100: residuals 0, 10, 20, R² = 1 − 500/200.
    assert metrics["baseline"]["kind"] == "training_mean"
    assert metrics["baseline"]["r2"] == pytest.approx(-1.5)
    assert metrics["baseline"]["mae"] == pytest.approx(10)
    assert metrics["interval"]["score"] == "r2"
    assert metrics["interval"]["low"] <= metrics["interval"]["high"]


def test_several_targets_are_scored_by_name():
    outputs, y = f32([0, 1], [1, 2], [3, 3]), f32([0, 1], [1, 2], [2, 3])
    metrics = evaluate("regression", outputs, y, VALUES, train_targets=y, seed=0)
    assert set(metrics["targets"]) == {"a", "b"}
    assert metrics["targets"]["a"]["r2"] == pytest.approx(0.5)
    assert metrics["targets"]["b"] == {"r2": 1.0, "rmse": 0.0, "mae": 0.0}
    assert metrics["r2"] == pytest.approx(0.75)
    assert "rmse" not in metrics
    assert set(metrics["baseline"]["targets"]) == {"a", "b"}


@pytest.mark.parametrize("rows", [1, 3])
def test_r2_without_anything_to_explain_is_null(rows):
    y = np.zeros((rows, 1), dtype=np.float32)
    metrics = evaluate("regression", y + 1, y, VALUE, train_targets=y, seed=0)
    assert metrics["r2"] is None
    assert (metrics["interval"]["low"], metrics["interval"]["high"]) == (None, None)
    assert metrics["rmse"] == pytest.approx(10)


def test_multilabel_worked_by_hand():
    # Chosen {a}, {a, b}; wanted {a}, {a}: one row whole, one of four labels wrong; F1 = 2 · 2/(3 + 2).
    p, y = f32([0.75, 0.25], [0.75, 0.75]), f32([1, 0], [1, 0])
    metrics = evaluate("multilabel", p, y, LABELS, train_targets=f32([1, 0], [1, 1], [1, 1]), seed=0)
    assert metrics["subset_accuracy"] == 0.5
    assert metrics["hamming_loss"] == 0.25
    assert metrics["micro_f1"] == pytest.approx(0.8)
    # Row 1: −2 ln 3/4. Row 2: −ln 3/4 − ln 1/4.
    assert metrics["binary_cross_entropy"] == pytest.approx(-(3 * math.log(0.75) + math.log(0.25)) / 2)
    # Training has both labels more often than not: never the wanted set.
    assert metrics["baseline"] == {"kind": "majority_of_each_label", "subset_accuracy": 0.0}
    assert metrics["interval"]["score"] == "subset_accuracy"


def test_f1_without_any_label_is_null():
    zeros = np.zeros((2, 2), dtype=np.float32)
    assert evaluate("multilabel", zeros, zeros, LABELS, train_targets=zeros, seed=0)["micro_f1"] is None


def test_distribution_worked_by_hand():
    p, y = f32([0.25, 0.75], [0.75, 0.25]), f32([0.5, 0.5], [0.75, 0.25])
    metrics = evaluate("distribution", p, y, SHARES, train_targets=f32([0.75, 0.25]), seed=0)
    row_1, row_2 = -(math.log(0.25) + math.log(0.75)) / 2, -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert metrics["cross_entropy"] == pytest.approx((row_1 + row_2) / 2)
    assert metrics["accuracy"] == 0.5  # of even shares the first counts
    assert metrics["baseline"]["kind"] == "training_mean"
    assert metrics["baseline"]["accuracy"] == 1.0
    assert metrics["baseline"]["cross_entropy"] == pytest.approx((row_1 + row_2) / 2)


def test_a_part_without_rows_is_refused():
    empty = np.zeros((0, 2), dtype=np.float32)
    with pytest.raises(ValueError, match="no rows to evaluate"):
        evaluate("classification", empty, empty, CLASSES, train_targets=f32([1, 0]), seed=0)


@pytest.mark.parametrize("encoding", [CLASSES, VALUE, VALUES, LABELS, SHARES])
@given(data=st.data())
@settings(deadline=None, max_examples=20)
def test_metrics_are_json_whatever_the_outputs(encoding, data):
    rows, k = data.draw(st.integers(1, 5)), encoding.n_outputs
    numbers = st.floats(-(2.0**100), 2.0**100, width=32) if encoding.task == "regression" else st.floats(0, 1, width=32)
    outputs = f32(*[[data.draw(numbers) for _ in range(k)] for _ in range(rows)])
    y = f32(*[[1.0, *[0.0] * (k - 1)] for _ in range(rows)])
    metrics = evaluate(encoding.task, outputs, y, encoding, train_targets=y, seed=0)
    json.dumps(metrics, allow_nan=False)
    assert metrics["interval"]["score"] == SCORE_OF[encoding.task]
    assert SCORE_OF[encoding.task] in metrics
    assert SCORE_OF[encoding.task] in metrics["baseline"]
