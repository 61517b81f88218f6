"""Fifty steps from the same weights: beside scikit-learn's optimizers, or a transcription, on autograd's gradient."""

import itertools

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from autograd.scipy.special import logsumexp
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from core.configuration import OptimizerConfig
from core.network import layer_views

STEPS = 50


def _mean_loss(flat, sizes, X, Y):
    """Cross-entropy of a ReLU network, from the parameters' order alone."""
    a, start, last = X, 0, len(sizes) - 2
    for layer, (n_in, n_out) in enumerate(itertools.pairwise(sizes)):
        W = anp.reshape(flat[start : start + n_in * n_out], (n_out, n_in))
        z = anp.dot(a, W.T) + flat[start + n_in * n_out : start + n_out * (n_in + 1)]
        start += n_out * (n_in + 1)
        a = z if layer == last else anp.maximum(z, 0)
    return -anp.mean(anp.sum(Y * (a - logsumexp(a, axis=1, keepdims=True)), axis=1))


def _transcribed_adamw(config, sizes):
    """Loshchilov and Hutter 2019, algorithm 2, with λ times the learning rate and on weights only, step by step."""
    memory = {"t": 0, "m": 0.0, "v": 0.0}

    def update(w, g):
        memory["t"] += 1
        memory["m"] = 0.9 * memory["m"] + 0.1 * g
        memory["v"] = 0.999 * memory["v"] + 0.001 * g * g
        m_hat, v_hat = memory["m"] / (1 - 0.9 ** memory["t"]), memory["v"] / (1 - 0.999 ** memory["t"])
        decay = np.zeros_like(w)
        for W in layer_views(decay, sizes)[0]:
            W[:] = config.weight_decay
        w -= config.learning_rate * (m_hat / (np.sqrt(v_hat) + 1e-8) + decay * w)

    return update


def _scikit_learn(config, sizes):
    memory = {}

    def update(w, g):
        if config.name == "sgd":
            arguments = {"lr_schedule": "constant", "momentum": config.momentum, "nesterov": config.nesterov}
            memory.setdefault("optimizer", SGDOptimizer([w], config.learning_rate, **arguments))
        memory.setdefault("optimizer", AdamOptimizer([w], config.learning_rate, epsilon=config.epsilon))
        memory["optimizer"].update_params([w], [g])

    return update


@pytest.mark.parametrize(
    ("config", "peer"),
    [
        (OptimizerConfig("sgd", 0.1), _scikit_learn),
        (OptimizerConfig("sgd", 0.05, momentum=0.9), _scikit_learn),
        (OptimizerConfig("sgd", 0.05, momentum=0.9, nesterov=True), _scikit_learn),
        (OptimizerConfig("adam", 0.01, epsilon=1e-15), _scikit_learn),
        (OptimizerConfig("adamw", 0.01, weight_decay=0.1), _transcribed_adamw),
    ],
    ids=["sgd", "momentum", "nesterov", "adam", "adamw"],
)
def test_fifty_steps_end_where_the_peer_ends(trainer_of, config, peer):
    trainer = trainer_of(optimizer=config, batch_size=53, epochs=STEPS, early_stopping=None, dtype=np.float64)
    network = trainer.best_network()
    w, start = network.parameters, network.parameters.copy()
    gradient = autograd.grad(lambda flat: _mean_loss(flat, network.layer_sizes, trainer._given.X, trainer._given.Y))
    update = peer(config, network.layer_sizes)
    for _ in range(STEPS):
        update(w, gradient(w))
    list(trainer.run())
    assert trainer.state.step == STEPS
    assert np.linalg.norm(w - start) > 0.1
    # scikit-learn adds Adam's epsilon before the correction for the start at zero, hence so small an epsilon there.
    np.testing.assert_allclose(trainer.state.parameters, w, rtol=1e-9, atol=1e-9)
