"""The normal distribution function in place, against SciPy's."""

import numpy as np
import pytest
from scipy.special import ndtr

from core.engine.calls import run
from core.engine.normal import distribution_calls


@pytest.mark.parametrize(("dtype", "error"), [(np.float32, 4e-7), (np.float64, 3e-16)])
def test_it_is_within_its_bound_everywhere(dtype, error):
    z = np.concatenate([np.linspace(-9, 9, 400_001), [-1e30, 1e30, -np.inf, np.inf, 0.0]]).astype(dtype)
    cumulative, bell = np.empty_like(z), np.empty_like(z)
    with np.errstate(over="ignore"):
        run(distribution_calls(z, cumulative, bell))
    exact = ndtr(z.astype(np.float64))
    assert np.abs(cumulative - exact).max() <= error
    np.testing.assert_allclose(bell[:-4], np.exp(-(z[:-4].astype(np.float64) ** 2) / 2), rtol=1e-5, atol=1e-30)
