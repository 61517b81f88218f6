"""Calibration: bins and error by hand."""

import numpy as np
import pytest

from core.calibration import calibration_bins, calibration_error


def test_bins_and_error_worked_by_hand():
    # 0.85 (right) and 0.87 (wrong) share a bin: confidence 0.86, accuracy 0.5, gap 0.36 for two rows.
    # 1.0 (right) falls in the last bin with no gap; 0.3 (wrong) in [0.3, 0.4) with a gap of 0.3.
    bins = calibration_bins(np.array([0.85, 0.87, 1.0, 0.3]), np.array([True, False, True, False]))
    assert [each["rows"] for each in bins] == [0, 0, 0, 1, 0, 0, 0, 0, 2, 1]
    assert bins[8] == {"low": 0.8, "high": 0.9, "rows": 2, "confidence": pytest.approx(0.86), "accuracy": 0.5}
    assert bins[0] == {"low": 0.0, "high": 0.1, "rows": 0, "confidence": None, "accuracy": None}
    assert calibration_error(bins) == pytest.approx((2 * 0.36 + 0 + 0.3) / 4)
