"""Calibration: whether a confidence of 80% is right 80% of the time."""

from typing import Any

import numpy as np

from core.arrays import BoolArray, Float64Array

BINS = 10


def calibration_bins(confidence: Float64Array, correct: BoolArray) -> list[dict[str, Any]]:
    """Ten bins of equal width over the probability of the predicted class.

    Each is `{low, high, rows, confidence, accuracy}`, the last two means over its rows, None without rows. A bin takes
    its lower edge; the last takes 1 as well.
    """
    places = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    rows = np.bincount(places, minlength=BINS)
    sums = np.bincount(places, weights=confidence, minlength=BINS)
    rights = np.bincount(places, weights=correct, minlength=BINS)
    return [
        {
            "low": i / BINS,
            "high": (i + 1) / BINS,
            "rows": int(rows[i]),
            "confidence": float(sums[i] / rows[i]) if rows[i] else None,
            "accuracy": float(rights[i] / rows[i]) if rows[i] else None,
        }
        for i in range(BINS)
    ]


def calibration_error(bins: list[dict[str, Any]]) -> float:
    """The mean over all rows of |accuracy − confidence| of their bin (expected calibration error)."""
    rows = sum(each["rows"] for each in bins)
    gaps = (each["rows"] * abs(each["accuracy"] - each["confidence"]) for each in bins if each["rows"])
    return float(sum(gaps) / rows)
