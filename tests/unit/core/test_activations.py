"""Activations: values worked by hand, derivatives against differences, and no NaN at the extremes."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from core import activations
from core.activations import ELEMENT_WISE, OUTPUT_FUNCTIONS


def _z(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def test_identity_gives_z_itself():
    assert activations.identity(_z(-2, 0, 3)).tolist() == [-2, 0, 3]


def test_identity_prime_is_one_everywhere():
    assert activations.identity_prime(_z(-2, 0, 3)).tolist() == [1, 1, 1]


def test_sigmoid_worked_by_hand():
    # e^(−ln 3) = 1/3, so 1/(1 + 1/3) = 3/4; at −ln 3: 1/(1 + 3) = 1/4.
    np.testing.assert_allclose(activations.sigmoid(_z(0, math.log(3), -math.log(3))), [0.5, 0.75, 0.25], rtol=1e-15)


def test_sigmoid_prime_worked_by_hand():
    # 1/2 · 1/2 = 1/4; 3/4 · 1/4 = 3/16.
    np.testing.assert_allclose(activations.sigmoid_prime(_z(0, math.log(3))), [0.25, 0.1875], rtol=1e-15)


def test_tanh_worked_by_hand():
    # tanh(ln 2) = (2 − 1/2)/(2 + 1/2) = 1.5/2.5 = 0.6.
    np.testing.assert_allclose(activations.tanh(_z(0, math.log(2))), [0, 0.6], rtol=1e-15)


def test_tanh_prime_worked_by_hand():
    # 1 − 0.6² = 0.64.
    np.testing.assert_allclose(activations.tanh_prime(_z(0, math.log(2))), [1, 0.64], rtol=1e-15)


def test_relu_keeps_what_is_positive():
    assert activations.relu(_z(-2, 0, 3)).tolist() == [0, 0, 3]


def test_relu_prime_is_zero_at_zero():
    assert activations.relu_prime(_z(-2, 0, 3)).tolist() == [0, 0, 1]


def test_silu_worked_by_hand():
    # ln 3 · 3/4, and −ln 3 · 1/4.
    expected = [0, 0.75 * math.log(3), -0.25 * math.log(3)]
    np.testing.assert_allclose(activations.silu(_z(0, math.log(3), -math.log(3))), expected, rtol=1e-15)


def test_silu_prime_worked_by_hand():
    # At 0: 1/2. At ln 3: 3/4 (1 + ln 3 · 1/4).
    expected = [0.5, 0.75 * (1 + math.log(3) / 4)]
    np.testing.assert_allclose(activations.silu_prime(_z(0, math.log(3))), expected, rtol=1e-15)


def test_gelu_is_x_times_the_normal_distribution_function():
    # Φ(1) = 0.8413447460685429 from any table, so GELU(1) is that, and GELU(−1) = −(1 − Φ(1)).
    expected = [0, 0.8413447460685429, -0.15865525393145707]
    np.testing.assert_allclose(activations.gelu(_z(0, 1, -1)), expected, rtol=1e-14)
    x = np.linspace(-6, 6, 1001)
    np.testing.assert_allclose(activations.gelu(x), x * norm.cdf(x), rtol=0, atol=1e-15)


def test_the_error_function_as_the_paper_prints_it_makes_gelu_wrong():
    # Printed: erf(x) = ∫₀ˣ e^(−s²) ds, without 2/√π. Then x/2 (1 + erf(x/√2)) is not x Φ(x): at x = 1 it gives
    # 0.5 (1 + 0.60501) ≈ 0.803, not 0.841, and for large x it tends to x/2 (1 + √π/2) ≈ 0.943 x, not to x.
    def printed_erf(x: float) -> float:
        return quad(lambda s: math.exp(-s * s), 0, x)[0]

    def printed_gelu(x: float) -> float:
        return x / 2 * (1 + printed_erf(x / math.sqrt(2)))

    def corrected_gelu(x: float) -> float:
        return x / 2 * (1 + 2 / math.sqrt(math.pi) * printed_erf(x / math.sqrt(2)))

    assert printed_gelu(1.0) == pytest.approx(0.8027, abs=1e-3)
    for x in (-3.0, -1.0, 0.5, 1.0, 3.0):
        assert abs(printed_gelu(x) - x * norm.cdf(x)) > 0.01
        assert corrected_gelu(x) == pytest.approx(x * norm.cdf(x), abs=1e-12)
        assert activations.gelu(_z(x))[0] == pytest.approx(x * norm.cdf(x), abs=1e-12)
    assert printed_gelu(20.0) / 20 == pytest.approx((1 + math.sqrt(math.pi) / 2) / 2)


def test_gelu_prime_is_distribution_plus_x_times_density():
    # At 0: Φ(0) = 1/2. At 1: 0.8413447460685429 + 0.24197072451914337.
    np.testing.assert_allclose(activations.gelu_prime(_z(0, 1)), [0.5, 1.0833154705876863], rtol=1e-14)


def test_gelu_tanh_worked_by_hand():
    # At 1: u = √(2/π) · 1.044715 = 0.79788456 · 1.044715 = 0.83356197, tanh u = 0.68238…, (1 + 0.68238)/2 = 0.84119.
    np.testing.assert_allclose(activations.gelu_tanh(_z(0, 1)), [0, 0.8411919906082768], rtol=1e-12)


def test_gelu_tanh_prime_worked_by_hand():
    # At 1, with t = tanh u as above: (1 + t)/2 + (1 − t²)/2 · √(2/π)(1 + 3 · 0.044715).
    t = 2 * 0.8411919906082768 - 1
    expected = (1 + t) / 2 + (1 - t * t) / 2 * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715)
    np.testing.assert_allclose(activations.gelu_tanh_prime(_z(0, 1)), [0.5, expected], rtol=1e-12)


def test_softmax_worked_by_hand():
    # e^(ln 1), e^(ln 2), e^(ln 5) sum to 8; adding 1,000 to each changes nothing, and must not overflow.
    z = np.log(np.array([[1.0, 2.0, 5.0]]))
    np.testing.assert_allclose(activations.softmax(z), [[0.125, 0.25, 0.625]], rtol=1e-15)
    np.testing.assert_allclose(activations.softmax(z + 1000), [[0.125, 0.25, 0.625]], rtol=1e-12)


def test_the_softmax_of_the_paper_overflows_where_the_shifted_one_does_not():
    z = np.array([[1000.0, 0.0]])
    with np.errstate(over="ignore", invalid="ignore"):
        printed = np.exp(z) / np.exp(z).sum()
    assert np.isnan(printed[0, 0])
    assert activations.softmax(z).tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize("name", ELEMENT_WISE)
def test_every_derivative_is_the_slope_of_its_function(name):
    z = np.linspace(-5, 5, 200)  # an even number of points: not the kink of ReLU
    h = 1e-6
    function, derivative = ELEMENT_WISE[name].function, ELEMENT_WISE[name].derivative
    np.testing.assert_allclose(derivative(z), (function(z + h) - function(z - h)) / (2 * h), rtol=0, atol=1e-8)


@pytest.mark.parametrize("name", ELEMENT_WISE)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(z=st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=6))
@settings(deadline=None, max_examples=25)
def test_no_activation_gives_nan_or_infinity(name, dtype, z):
    z = np.array(z, dtype=dtype)
    for value in (ELEMENT_WISE[name].function(z), ELEMENT_WISE[name].derivative(z)):
        assert value.dtype == dtype
        assert np.isfinite(value).all()


@pytest.mark.parametrize("name", ELEMENT_WISE)
def test_no_activation_gives_nan_far_beyond(name):
    z = np.array([-1e30, -1e20, 1e20, 1e30], dtype=np.float32)
    function, derivative = ELEMENT_WISE[name].function(z), ELEMENT_WISE[name].derivative(z)
    assert np.isfinite(function).all()
    assert np.isfinite(derivative).all()
    if name not in {"sigmoid", "tanh"}:
        assert function[2:].tolist() == z[2:].tolist()


@given(z=st.lists(st.floats(-1e4, 1e4, width=32), min_size=1, max_size=8))
@settings(deadline=None)
def test_softmax_gives_a_distribution(z):
    p = OUTPUT_FUNCTIONS["softmax"](np.array([z], dtype=np.float32))
    assert (p >= 0).all()
    assert p.sum() == pytest.approx(1, abs=1e-6)
