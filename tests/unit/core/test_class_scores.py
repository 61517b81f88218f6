"""Scores that weigh classes alike: by hand, and beside scikit-learn's."""

import warnings

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, roc_auc_score

from core.class_scores import balanced_accuracy, macro_f1, roc_auc


def test_balanced_accuracy_worked_by_hand():
    # Class 0: 3 of 4 right; class 2: 0 of 1; class 1 does not occur.
    assert balanced_accuracy(np.array([0, 0, 0, 0, 2]), np.array([0, 0, 0, 1, 1])) == 0.375


def test_macro_f1_worked_by_hand():
    # Column 0: TP 1, FP 1, FN 0: 2/3. Column 1: TP 0, FN 1: 0. Column 2 is nowhere.
    chosen, wanted = np.array([[1, 0, 0], [1, 0, 0]]), np.array([[1, 0, 0], [0, 1, 0]])
    assert macro_f1(chosen, wanted) == pytest.approx(1 / 3)
    assert macro_f1(chosen * 0, wanted * 0) is None


def test_roc_auc_worked_by_hand():
    # Of the class 0.8 and 0.4, without it 0.4 and 0.1: of the four pairs three are right and one is a tie.
    p = np.array([0.8, 0.4, 0.4, 0.1])
    y = np.array([1.0, 1.0, 0.0, 0.0])
    assert roc_auc(p[:, None], y[:, None]) == 0.875
    assert roc_auc(np.stack([1 - p, p], axis=1), np.stack([1 - y, y], axis=1)) == 0.875
    assert roc_auc(p[:, None], np.ones((4, 1))) is None


@pytest.mark.parametrize("classes", [2, 3, 7])
@pytest.mark.parametrize("seed", range(5))
def test_they_are_scikit_learns(classes, seed):
    random = np.random.default_rng(seed)
    truth = np.concatenate([np.arange(classes), random.integers(0, classes, 40)])
    p = random.dirichlet(np.ones(classes), len(truth)).round(2) + 1e-3  # with ties
    p /= p.sum(axis=1, keepdims=True)
    predicted, one_hot = p.argmax(axis=1), np.eye(classes)
    assert balanced_accuracy(truth, predicted) == pytest.approx(balanced_accuracy_score(truth, predicted))
    assert macro_f1(one_hot[predicted], one_hot[truth]) == pytest.approx(f1_score(truth, predicted, average="macro"))
    theirs = roc_auc_score(truth, p[:, 1]) if classes == 2 else roc_auc_score(truth, p, multi_class="ovr")
    assert roc_auc(p, one_hot[truth]) == pytest.approx(theirs)


def test_labels_of_their_own_are_scikit_learns_too():
    random = np.random.default_rng(0)
    p, y = random.random((30, 4)), (random.random((30, 4)) < 0.4).astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = f1_score(y, p >= 0.5, average="macro")
    assert macro_f1(p >= 0.5, y) == pytest.approx(theirs)
    assert roc_auc(p, y) == pytest.approx(roc_auc_score(y, p))
