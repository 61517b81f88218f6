"""L-BFGS: parity with scikit-learn over fifty iterations, its reports, its ends, and interruption."""

import itertools

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from autograd.scipy.special import logsumexp
from scipy.optimize import minimize
from sklearn.neural_network import MLPClassifier

from core import full_batch
from core.configuration import EarlyStopping, OptimizerConfig, TrainingConfig
from core.errors import InvalidConfiguration, NotEnoughRows, TrainingDiverged
from core.full_batch import FullBatchTrainer
from core.losses import LOSSES
from core.network import MLP
from core.targets import TargetEncoding

CLASSES = TargetEncoding("classification", ("y",), ("a", "b", "c"))
VALUE = TargetEncoding("regression", ("y",), (), (0.0,), (1.0,))
STEPS = 50


class Interrupted(Exception):
    pass


def _rows(rows=120):
    """Three classes that overlap: fifty iterations do not reach the end."""
    random = np.random.default_rng(5)
    X = random.normal(size=(rows, 4)).astype(np.float32)
    noisy = X[:, 0] + X[:, 1] + random.normal(0, 1, rows)
    return X, np.eye(3, dtype=np.float32)[np.digitize(noisy, [-0.7, 0.7])]


def _trainer(rows=None, validation=40, encoding=CLASSES, weights=None, initial=None, **config):
    X, Y = rows or _rows()
    settings = {"task": encoding.task, "hidden": (6, 5), "activation": "tanh", "epochs": STEPS, "early_stopping": None}
    settings |= {"optimizer": OptimizerConfig("lbfgs"), **config}
    n = len(X) - (validation or 0)
    held_out = (None, None) if validation is None else (X[n:], Y[n:])
    clock = itertools.count().__next__
    arguments = {"weights": weights, "initial": initial, "clock": clock}
    return FullBatchTrainer(TrainingConfig(**settings), X[:n], Y[:n], *held_out, encoding, **arguments)


def _run(trainer, on_block=lambda state: None):
    reports = []
    trainer.run(on_block, reports.append)
    return reports


def test_fifty_iterations_end_where_scikit_learns_end():
    trainer = _trainer(validation=None)
    start = trainer.best_network()
    start = MLP.from_parameters((4, 6, 5, 3), "tanh", "softmax", trainer.state.parameters.copy())
    X, Y = (part.astype(np.float64) for part in _rows())
    peer = MLPClassifier((6, 5), "tanh", solver="lbfgs", alpha=0, max_iter=1, tol=1e-6, warm_start=True)
    with pytest.warns(match="failed to converge"):
        peer.fit(X, Y.argmax(axis=1))
    peer.coefs_, peer.intercepts_ = [W.T.copy() for W in start.weights], [b.copy() for b in start.biases]
    peer.max_iter = STEPS
    with pytest.warns(match="failed to converge"):
        peer.fit(X, Y.argmax(axis=1))
    reports = _run(trainer)
    assert len(reports) == peer.n_iter_ == STEPS
    found = MLP.from_parameters((4, 6, 5, 3), "tanh", "softmax", trainer.state.parameters)
    for ours, theirs, first in zip(found.weights, peer.coefs_, start.weights, strict=True):
        assert np.linalg.norm(ours - first) > 0.1
        np.testing.assert_allclose(ours, theirs.T, rtol=1e-5, atol=1e-6)
    assert reports[-1].train_loss == pytest.approx(peer.loss_, rel=1e-8)


def test_what_is_minimised_is_the_weighted_loss_with_its_penalty():
    """Beside SciPy's L-BFGS on autograd's gradient of the same function, written anew."""
    X, Y = (part.astype(np.float64) for part in _rows())
    weights = np.linspace(0, 2, len(X))
    trainer = _trainer(validation=None, weights=weights, l2=0.01, hidden=(6,))
    sizes = (4, 6, 3)

    def function(flat):
        W1, b1, W2, b2 = (flat[a:b] for a, b in itertools.pairwise((0, 24, 30, 48, 51)))
        W1, W2 = anp.reshape(W1, (6, 4)), anp.reshape(W2, (3, 6))
        z = anp.dot(anp.tanh(anp.dot(X, W1.T) + b1), W2.T) + b2
        losses = -anp.sum(Y * (z - logsumexp(z, axis=1, keepdims=True)), axis=1)
        return anp.dot(weights, losses) / weights.sum() + 0.005 * (anp.sum(W1**2) + anp.sum(W2**2))

    options = {"maxiter": 20, "maxls": 50, "gtol": 1e-6, "ftol": 1e-14}
    start = MLP.initialize(sizes, "tanh", "softmax", seed=0, dtype=np.float64).parameters
    found = minimize(function, start, jac=autograd.grad(function), method="L-BFGS-B", options=options)
    reports = _run(trainer)
    assert reports[19].train_loss == pytest.approx(found.fun, rel=1e-6)


def test_an_iteration_is_an_epoch_and_is_reported_as_the_network_is_then():
    trainer, loss = _trainer(), LOSSES["cross_entropy"]
    X, Y = _rows()
    seen = []

    def check(report):
        seen.append(report)
        for rows, said in ((slice(80), report.train_loss), (slice(80, 120), report.validation_loss)):
            passed = trainer._network.forward(X[rows].astype(np.float64))
            assert said == pytest.approx(loss.value(passed.z[-1], passed.a[-1], Y[rows]).mean(), rel=1e-9)
        assert report.train_score == (
            passed_right := (trainer._network.predict(X[:80]).argmax(1) == Y[:80].argmax(1)).mean()
        )
        assert 0 <= passed_right <= 1

    trainer.run(lambda state: None, check)
    assert [report.epoch for report in seen] == list(range(1, STEPS + 1))
    assert all(a.train_loss >= b.train_loss for a, b in itertools.pairwise(seen))
    assert {(report.learning_rate, report.samples, report.seconds) for report in seen} == {(1.0, 80, 1)}
    assert trainer.best_epoch == STEPS
    network = trainer.best_network()
    assert network.dtype == np.float32
    np.testing.assert_allclose(network.parameters, trainer.state.parameters, rtol=1e-6)


def test_rows_are_taken_block_by_block_to_the_same_function(monkeypatch):
    whole = _run(_trainer(epochs=10))
    monkeypatch.setattr(full_batch, "BLOCK_ROWS", 7)
    blocks = []
    pieces = _run(_trainer(epochs=10), lambda state: blocks.append(state.step))
    assert [r.train_loss for r in pieces] == pytest.approx([r.train_loss for r in whole], rel=1e-6)
    assert blocks == list(range(1, len(blocks) + 1))
    assert len(blocks) % 12 == 0  # 80 rows are twelve blocks


def test_early_stopping_restores_the_best_iteration():
    trainer = _trainer(early_stopping=EarlyStopping(patience=5), epochs=500)
    losses = [report.validation_loss for report in _run(trainer)]
    assert len(losses) < 500
    assert trainer.best_epoch == 1 + int(np.argmin(losses)) < len(losses)
    passed = trainer.best_network().forward(_rows()[0][80:])
    best = LOSSES["cross_entropy"].value(passed.z[-1], passed.a[-1], _rows()[1][80:]).mean()
    assert best == pytest.approx(min(losses), rel=1e-4)


def test_the_clock_ends_it_too():
    assert len(_run(_trainer(max_seconds=5.0))) == 5


def test_it_ends_where_the_loss_does_not_fall():
    # A linear fit has one minimum; it is found long before 500 iterations.
    X = _rows()[0]
    Y = X[:, :1] * 2 - X[:, 1:2]
    trainer = _trainer((X, Y), encoding=VALUE, hidden=(), epochs=500)
    reports = _run(trainer)
    assert len(reports) < 50
    assert reports[-1].validation_score == pytest.approx(1, abs=1e-6)
    assert trainer.state.progress.stopped


def test_a_start_at_the_minimum_is_reported_once():
    X, Y = _rows()[0], np.zeros((120, 1), dtype=np.float32)
    trainer = _trainer((X, Y), encoding=VALUE, hidden=(), initial=np.zeros(5))
    assert [report.train_loss for report in _run(trainer)] == [0.0]
    assert trainer.best_epoch == 1


def test_smoothed_labels_are_what_it_learns():
    sure, less_sure = (_trainer(label_smoothing=s, validation=None, epochs=200) for s in (0.0, 0.3))
    _run(sure), _run(less_sure)
    mean = [trainer.best_network().predict(_rows()[0]).max(axis=1).mean() for trainer in (less_sure, sure)]
    assert mean[0] < 0.85 < mean[1] - 0.05


@pytest.mark.parametrize("at", [1, 10, 33])
def test_an_interrupted_training_begun_anew_ends_identical_to_the_bit(at):
    def interrupt(state):
        if state.step == at:
            raise Interrupted

    trainer = _trainer()
    with pytest.raises(Interrupted):
        _run(trainer, interrupt)
    again, undisturbed = _trainer(), _trainer()
    assert _run(again) == _run(undisturbed)
    assert again.state.parameters.tobytes() == undisturbed.state.parameters.tobytes()


@pytest.mark.parametrize("part", ["training", "validation"])
def test_a_loss_that_is_not_finite_ends_it(part):
    trainer = _trainer((_rows()[0], _rows()[0][:, :1]), encoding=VALUE)
    (trainer._Y if part == "training" else trainer._validation._Y)[0] = np.nan
    with pytest.raises(TrainingDiverged, match="epoch 1"):
        _run(trainer)


def test_what_cannot_be_trained_is_refused():
    X, Y = _rows()
    with pytest.raises(NotEnoughRows):
        _trainer((X[:0], Y[:0]), validation=None)
    with pytest.raises(InvalidConfiguration, match="for small networks"):
        _trainer(hidden=(1000, 1000))
