"""The network: the forward pass by hand, the flat vector and its views, and how it starts."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidConfiguration
from core.network import BLOCK_ROWS, MLP, layer_views, parameter_count


def test_fwd_worked_by_hand():
    # Two inputs, a hidden layer of two ReLUs, one output.
    # z¹ = W¹ x + b¹ = (1·1 + 2·2 + 1, 3·1 − 4·2 + 1) = (6, −4); a¹ = (6, 0); z² = 2·6 + 5·0 − 3 = 9.
    network = MLP.from_parameters((2, 2, 1), "relu", "identity", np.array([1.0, 2, 3, -4, 1, 1, 2, 5, -3]))
    passed = network.forward(np.array([[1.0, 2.0]]))
    assert passed.z[0].tolist() == [[6, -4]]
    assert passed.a[1].tolist() == [[6, 0]]
    assert passed.z[1].tolist() == [[9]]
    assert network.predict(np.array([[1.0, 2.0]])).tolist() == [[9]]


def test_weights_and_biases_are_views_of_one_vector():
    network = MLP.initialize((3, 4, 2), "tanh", "softmax", seed=0)
    assert network.parameters.shape == (3 * 4 + 4 + 4 * 2 + 2,)
    assert [W.shape for W in network.weights] == [(4, 3), (2, 4)]
    assert [b.shape for b in network.biases] == [(4,), (2,)]
    network.parameters[:] = 7
    assert all((part == 7).all() for part in network.weights + network.biases)
    assert network.parameters.flags.c_contiguous


def test_a_vector_of_the_wrong_size_is_refused():
    with pytest.raises(ValueError, match="have 10 parameters"):
        layer_views(np.zeros(9), (4, 2))


def test_from_parameters_takes_a_copy():
    flat = np.zeros(3)
    network = MLP.from_parameters((2, 1), "relu", "identity", flat)
    flat[:] = 1
    assert (network.parameters == 0).all()


def test_he_before_rectifiers_and_glorot_before_the_others():
    rectified = MLP.initialize((400, 600, 3), "relu", "identity", seed=1, dtype=np.float64)
    assert rectified.weights[0].std() == pytest.approx(np.sqrt(2 / 400), rel=0.01)
    saturating = MLP.initialize((400, 600, 3), "tanh", "identity", seed=1, dtype=np.float64)
    assert np.abs(saturating.weights[0]).max() == pytest.approx(np.sqrt(6 / 1000), rel=0.001)
    assert np.abs(saturating.weights[1]).max() == pytest.approx(0.1 * np.sqrt(6 / 603), rel=0.01)
    assert all((b == 0).all() for b in rectified.biases)


def test_the_draw_depends_on_the_seed_and_not_on_the_type():
    single = MLP.initialize((5, 4, 3), "gelu", "softmax", seed=3)
    double = MLP.initialize((5, 4, 3), "gelu", "softmax", seed=3, dtype=np.float64)
    assert single.dtype == np.float32
    assert (single.parameters == double.parameters.astype(np.float32)).all()
    assert (single.parameters != MLP.initialize((5, 4, 3), "gelu", "softmax", seed=4).parameters).any()


@pytest.mark.parametrize(("hidden", "output"), [("softmax", "identity"), ("relu", "maxout")])
def test_an_unknown_activation_is_refused(hidden, output):
    with pytest.raises(InvalidConfiguration, match="there is no activation"):
        MLP.initialize((2, 2, 1), hidden, output, seed=0)


@pytest.mark.parametrize("X", [np.zeros((3, 4)), np.zeros(2), np.zeros((1, 1))])
def test_rows_of_the_wrong_width_are_refused(X):
    with pytest.raises(ValueError, match="takes rows of 2 inputs"):
        MLP.initialize((2, 1), "relu", "identity", seed=0).predict(X)


def test_a_table_longer_than_a_block_gives_the_same_answers():
    network = MLP.initialize((2, 3, 2), "sigmoid", "softmax", seed=0, dtype=np.float64)
    X = np.random.default_rng(0).normal(size=(BLOCK_ROWS + 3, 2))
    np.testing.assert_allclose(network.predict(X), network.forward(X).a[-1], rtol=1e-12)


def test_parameters_are_counted_without_being_allocated():
    assert parameter_count((10**6, 10**6, 1)) == 10**12 + 10**6 + 10**6 + 1


@given(sizes=st.lists(st.integers(1, 6), min_size=2, max_size=5), rows=st.integers(0, 5), seed=st.integers(0, 9))
@settings(deadline=None, max_examples=60)
def test_any_shape_predicts_finite_rows(sizes, rows, seed):
    network = MLP.initialize(sizes, "silu", "softmax", seed=seed)
    X = np.random.default_rng(seed).uniform(-1e4, 1e4, (rows, sizes[0])).astype(np.float32)
    outputs = network.predict(X)
    assert outputs.shape == (rows, sizes[-1])
    assert outputs.dtype == np.float32
    assert np.isfinite(outputs).all()


def test_inputs_of_another_type_are_converted_a_block_at_a_time():
    network = MLP.initialize((200, 2), "relu", "softmax", seed=0, dtype=np.float64)
    X = np.random.default_rng(0).normal(size=(4 * BLOCK_ROWS, 200)).astype(np.float32)
    expected = network.predict(X.astype(np.float64))
    tracemalloc.start()
    try:
        found = network.predict(X)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.tobytes() == expected.tobytes()
    assert peak < X.nbytes  # half of what X takes in float64
