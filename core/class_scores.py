"""Scores that give every class the same weight, however few rows it has."""

# NumPy's stubs give Any for reductions.
# mypy: disable-error-code="no-any-return"

import numpy as np

from core.arrays import BoolArray, FloatArray, IndexArray


def balanced_accuracy(truth: IndexArray, predicted: IndexArray) -> float:
    """The mean, over the classes that occur in truth (n,), of the share of their rows that are right."""
    counts = np.bincount(truth)
    rights = np.bincount(truth[truth == predicted], minlength=len(counts))
    return float((rights[counts > 0] / counts[counts > 0]).mean())


def macro_f1(chosen: FloatArray | BoolArray, wanted: FloatArray | BoolArray) -> float | None:
    """The mean of each column's F1 = 2 TP/(2 TP + FP + FN), for matrices of 0 and 1 (n, K).

    A column that is neither wanted nor chosen anywhere has none and is left out; None where there is no other.
    """
    named = chosen.sum(axis=0, dtype=np.int64) + wanted.sum(axis=0, dtype=np.int64)
    hits = np.logical_and(chosen, wanted).sum(axis=0)
    return float((2 * hits[named > 0] / named[named > 0]).mean()) if named.any() else None


def roc_auc(probabilities: FloatArray, wanted: FloatArray) -> float | None:
    """The area under the ROC curve: how often a row of the class has a higher probability of it than a row without.

    Ties count half (Hanley and McNeil 1982). Two columns that exclude each other have one curve, so that two classes
    give the binary area and more give the mean of each class against the rest. A class that all rows or none have has
    no curve and is left out; None where there is no other.
    """
    areas = [_area(p, y) for p, y in zip(probabilities.T, wanted.T > 0.5, strict=True) if 0 < y.sum() < len(y)]
    return float(np.mean(areas)) if areas else None


def _area(p: FloatArray, y: BoolArray) -> float:
    """The Mann–Whitney statistic, from ranks, over the number of pairs."""
    _, place, counts = np.unique(p, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]  # the mean rank of equal ones
    ones = int(y.sum())
    return float(ranks[y].sum() - ones * (ones + 1) / 2) / (ones * (len(y) - ones))
