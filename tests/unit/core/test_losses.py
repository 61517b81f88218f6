"""Losses: values worked by hand, the permitted pairs, and no NaN at the extremes."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.activations import sigmoid, softmax
from core.errors import InvalidConfiguration
from core.losses import (
    LOSSES,
    OUTPUTS_OF,
    binary_cross_entropy,
    cross_entropy,
    huber,
    huber_gradient,
    log_softmax,
    loss_after,
    mae,
    mae_gradient,
    mse,
    mse_gradient,
)


def test_mse_is_the_mean_over_the_outputs():
    # ((1 − 3)² + (2 − 2)²)/2 = 2; scikit-learn's would be 1.
    a, y = np.array([[1.0, 2.0]]), np.array([[3.0, 2.0]])
    assert mse(a, a, y).tolist() == [2.0]


def test_mse_gradient_is_two_thirds_of_the_difference_for_three_outputs():
    # 2(a − y)/K with a − y = (3, 0, −6) and K = 3: (2, 0, −4).
    assert mse_gradient(np.array([[4.0, 1.0, 0.0]]), np.array([[1.0, 1.0, 6.0]])).tolist() == [[2.0, 0.0, -4.0]]


def test_mae_is_the_mean_over_the_outputs():
    # (|1 − 3| + |2 − 1|)/2 = 1.5.
    a, y = np.array([[1.0, 2.0]]), np.array([[3.0, 1.0]])
    assert mae(a, a, y).tolist() == [1.5]


def test_mae_gradient_is_a_third_of_the_sign_for_three_outputs():
    # a − y = (3, 0, −6): (1, 0, −1)/3.
    gradient = mae_gradient(np.array([[4.0, 1.0, 0.0]]), np.array([[1.0, 1.0, 6.0]]))
    np.testing.assert_allclose(gradient, [[1 / 3, 0, -1 / 3]])


def test_huber_worked_by_hand_on_both_sides_of_delta():
    # δ = 2, r = (1, −2, 5): 1/2, 2, 2(5 − 1) = 8; the mean is 3.5.
    a, y = np.array([[1.0, 0.0, 5.0]]), np.array([[0.0, 2.0, 0.0]])
    assert huber(a, a, y, 2.0).tolist() == [3.5]
    assert huber(a, a, y).tolist() == [(0.5 + 1.5 + 4.5) / 3]  # δ = 1


def test_huber_gradient_worked_by_hand_on_both_sides_of_delta():
    # δ = 2, r = (1, −2, 5, −7): (1, −2, 2, −2)/4.
    a, y = np.array([[1.0, 0.0, 5.0, 0.0]]), np.array([[0.0, 2.0, 0.0, 7.0]])
    assert huber_gradient(a, y, 2.0).tolist() == [[0.25, -0.5, 0.5, -0.5]]
    assert loss_after("identity", "huber", huber_delta=2.0).gradient(a, y).tolist() == [[0.25, -0.5, 0.5, -0.5]]


def test_huber_of_a_large_delta_is_half_of_mse_and_of_a_small_one_delta_times_mae():
    random = np.random.default_rng(0)
    a, y = random.normal(size=(20, 3)), random.normal(size=(20, 3))
    np.testing.assert_allclose(loss_after("identity", "huber", huber_delta=1e3).value(a, a, y), mse(a, a, y) / 2)
    small = loss_after("identity", "huber", huber_delta=1e-6)
    np.testing.assert_allclose(small.value(a, a, y), 1e-6 * mae(a, a, y), rtol=1e-3)


def test_log_softmax_survives_a_probability_that_underflows():
    # p = (1, e^−2000): the second is 0 in float64 and its log −∞; the log-sum-exp form says −2000.
    assert log_softmax(np.array([[0.0, -2000.0]])).tolist() == [[0.0, -2000.0]]
    assert softmax(np.array([[0.0, -2000.0]]))[0, 1] == 0.0


def test_ce_of_a_soft_label_worked_by_hand():
    # p = (1/4, 3/4), y = (1/2, 1/2): −(ln(1/4) + ln(3/4))/2 = (ln 4 + ln 4/3)/2 = ln(16/3)/2.
    z = np.log(np.array([[1.0, 3.0]]))
    assert cross_entropy(z, softmax(z), np.array([[0.5, 0.5]]))[0] == pytest.approx(math.log(16 / 3) / 2, rel=1e-15)


def test_bce_is_summed_over_the_outputs():
    # a = (3/4, 3/4), y = (1, 0): −ln(3/4) − ln(1/4) = ln(16/3).
    z = np.full((1, 2), math.log(3))
    y = np.array([[1.0, 0.0]])
    assert binary_cross_entropy(z, sigmoid(z), y)[0] == pytest.approx(math.log(16 / 3), rel=1e-15)


def test_bce_of_a_confident_mistake_is_its_logit():
    # z = 1,000 and y = 0: −ln(1 − a) = ln(1 + e^1000) = 1,000, where 1 − a is 0 in float64.
    assert binary_cross_entropy(np.array([[1000.0]]), np.array([[1.0]]), np.array([[0.0]])).tolist() == [1000.0]


def test_every_pair_that_does_not_fit_is_refused_by_its_names():
    for loss, outputs in OUTPUTS_OF.items():
        for output in ("identity", "sigmoid", "tanh", "relu", "silu", "gelu", "gelu_tanh", "softmax"):
            if output in outputs:
                assert loss_after(output, loss) is LOSSES[loss]
            else:
                said = f"{loss} does not go with the output activation {output}"
                with pytest.raises(InvalidConfiguration, match=said):
                    loss_after(output, loss)


def test_a_loss_that_does_not_exist_is_refused():
    with pytest.raises(InvalidConfiguration, match="there is no loss 'hinge'") as refused:
        loss_after("identity", "hinge")
    assert refused.value.field == "loss"


@pytest.mark.parametrize("name", LOSSES)
@given(data=st.data())
@settings(deadline=None, max_examples=50)
def test_no_loss_of_finite_numbers_is_nan(name, data):
    rows, k = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    flat = st.lists(st.floats(-1e4, 1e4, width=32), min_size=rows * k, max_size=rows * k)
    z = np.array(data.draw(flat), dtype=np.float32).reshape(rows, k)
    y = np.zeros_like(z)
    y[:, 0] = 1
    output = {"cross_entropy": softmax, "binary_cross_entropy": sigmoid}.get(name, lambda z: z)
    values = LOSSES[name].value(z, output(z), y)
    assert values.shape == (rows,)
    assert np.isfinite(values).all()
    assert (values >= 0).all()
