"""Optimizers: each rule by hand, in place, and against its own plain formula over many steps."""

import numpy as np
import pytest

from core.configuration import OptimizerConfig
from core.optimizers import SGD, Adam, optimizer_of


def _steps(optimizer, gradients, dtype=np.float64):
    parameters = np.array([1.0], dtype=dtype)
    vectors = optimizer.initial(parameters)
    path = []
    for t, g in enumerate(gradients, start=1):
        optimizer.update(parameters, np.array([g], dtype=dtype), vectors, t)
        path.append(float(parameters[0]))
    return path


def test_sgd_worked_by_hand():
    # 1 − 0.1 · 2 = 0.8; 0.8 − 0.1 · (−4) = 1.2.
    assert _steps(SGD(0.1, 0.0, False), [2, -4]) == pytest.approx([0.8, 1.2])


def test_momentum_worked_by_hand():
    # v = −0.2, w = 0.8; v = 0.5 · −0.2 − 0.2 = −0.3, w = 0.5; v = 0.5 · −0.3 + 0 = −0.15, w = 0.35.
    assert _steps(SGD(0.1, 0.5, False), [2, 2, 0]) == pytest.approx([0.8, 0.5, 0.35])


def test_nesterov_worked_by_hand():
    # v = −0.2, Δ = 0.5 · −0.2 − 0.2 = −0.3, w = 0.7; v = −0.3, Δ = −0.15 − 0.2 = −0.35, w = 0.35;
    # v = −0.15, Δ = −0.075, w = 0.275.
    assert _steps(SGD(0.1, 0.5, True), [2, 2, 0]) == pytest.approx([0.7, 0.35, 0.275])


def test_adam_worked_by_hand():
    # t = 1: m̂ = 2, v̂ = 4, Δ = −0.1 · 2/2. t = 2, g = −2: m = 0.9 · 0.2 − 0.2 = −0.02, m̂ = −0.02/0.19;
    # v = 0.999 · 0.004 + 0.004 = 0.007996, v̂ = 0.007996/0.001999 = 4; Δ = 0.1 · 0.02/0.19/2 = 0.1/19.
    assert _steps(Adam(0.1, 0.9, 0.999, 1e-12), [2, -2]) == pytest.approx([0.9, 0.9 + 0.1 / 19])


def test_adam_follows_its_formula_for_fifty_steps():
    gradients = np.random.default_rng(0).normal(size=50)
    w, m, v, path = 1.0, 0.0, 0.0, []
    for t, g in enumerate(gradients, start=1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        w -= 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        path.append(w)
    assert _steps(Adam(0.01, 0.9, 0.999, 1e-8), gradients) == pytest.approx(path, rel=1e-9)


@pytest.mark.parametrize("config", [OptimizerConfig(), OptimizerConfig("sgd"), OptimizerConfig("sgd", momentum=0.9)])
def test_updates_happen_in_place_and_keep_the_type(config):
    optimizer = optimizer_of(config)
    parameters = np.ones(4, dtype=np.float32)
    vectors = optimizer.initial(parameters)
    before = {name: id(vector) for name, vector in vectors.items()}
    for t in (1, 2):
        optimizer.update(parameters, np.full(4, 0.5, dtype=np.float32), vectors, t)
    assert (parameters < 1).all()
    assert parameters.dtype == np.float32
    assert {name: id(vector) for name, vector in vectors.items()} == before
    assert all(vector.dtype == np.float32 for vector in vectors.values())


def test_what_is_not_remembered_is_not_stored():
    assert optimizer_of(OptimizerConfig("sgd")).initial(np.zeros(3)) == {}
    assert set(optimizer_of(OptimizerConfig("sgd", momentum=0.5)).initial(np.zeros(3))) == {"velocity"}
    assert set(optimizer_of(OptimizerConfig()).initial(np.zeros(3))) == {"m", "v"}
