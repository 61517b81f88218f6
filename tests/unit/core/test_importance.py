"""Permutation importances: what the score owes to each feature, by hand and beside scikit-learn's."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.inspection import permutation_importance

from core import importance
from core.encoding import Encoding
from core.importance import affordable_rows, permutation_importances
from core.network import MLP
from core.table import CategoryColumn, NumberColumn

RANDOM = np.random.default_rng(0)
ROWS = 400


def _signs():
    """Two inputs; the class is the sign of the first. The network knows, and looks at nothing else."""
    X = RANDOM.normal(size=(ROWS, 2)).astype(np.float32)
    table = {"a": NumberColumn(X[:, 0].astype(float)), "b": NumberColumn(X[:, 1].astype(float))}
    network = MLP.from_parameters((2, 2), "relu", "softmax", np.array([5, 0, -5, 0, 0, 0], dtype=np.float32))
    return (
        network,
        X,
        np.stack([X[:, 0] > 0, X[:, 0] <= 0], axis=1).astype(np.float32),
        Encoding.fit(table, "ab", clip=5),
    )


def test_a_score_is_owed_to_the_feature_that_is_looked_at():
    network, X, Y, encoding = _signs()
    found = permutation_importances(network, X, Y, encoding, "classification", repeats=20, seed=0)
    assert (found["score"], found["rows"], found["repeats"]) == ("accuracy", ROWS, 20)
    first, second = found["items"]
    assert first["feature"] == "a"
    assert first["importance"] == pytest.approx(0.5, abs=0.05)  # a sign at random is right half of the time
    assert 0 < first["std"] < 0.05
    assert second == {"feature": "b", "importance": 0.0, "std": 0.0}


def test_it_is_scikit_learns():
    network, X, Y, encoding = _signs()

    class Estimator(ClassifierMixin, BaseEstimator):
        classes_ = np.array([0, 1])

        def fit(self, X, y):
            return self

        def predict(self, X):
            return network.predict(X).argmax(axis=1)

    theirs = permutation_importance(Estimator(), X, Y.argmax(axis=1), scoring="accuracy", n_repeats=50, random_state=0)
    found = permutation_importances(network, X, Y, encoding, "classification", repeats=50, seed=0)
    ours = {item["feature"]: item["importance"] for item in found["items"]}
    assert [ours["a"], ours["b"]] == pytest.approx(theirs.importances_mean.tolist(), abs=0.02)


def test_all_inputs_of_a_feature_move_together():
    # A category of three levels: a row whose levels came apart would be no category.
    codes = RANDOM.integers(0, 3, 60).astype(np.int32)
    table = {"x": NumberColumn(RANDOM.normal(size=60)), "c": CategoryColumn(codes, ("p", "q", "r"))}
    encoding = Encoding.fit(table, ["x", "c"], clip=5)
    X, _ = encoding.transform(table)
    seen = []

    class Network(MLP):
        def predict(self, inputs):
            seen.append(inputs.copy())
            return super().predict(inputs)

    network = Network((4, 1), "relu", "identity", np.zeros(5, dtype=np.float32))
    beats = []
    permutation_importances(
        network, X, X[:, :1], encoding, "regression", repeats=2, seed=0, beat=lambda: beats.append(1)
    )
    whole, *x, c_1, c_2 = seen
    assert (len(x), len(beats)) == (2, 2)
    for mixed in x:
        assert (mixed[:, 1:] == whole[:, 1:]).all()
        assert (mixed[:, 0] != whole[:, 0]).any()
    for mixed in (c_1, c_2):
        assert (mixed[:, 0] == whole[:, 0]).all()
        assert (mixed[:, 1:].sum(axis=1) == 1).all()
        assert (mixed[:, 1:] != whole[:, 1:]).any()
    assert (c_1 != c_2).any()


def test_they_are_a_function_of_the_seed():
    network, X, Y, encoding = _signs()
    first, same, other = (
        permutation_importances(network, X, Y, encoding, "classification", repeats=3, seed=seed) for seed in (1, 1, 2)
    )
    assert first == same != other


def test_a_score_that_is_not_defined_has_no_importances():
    network = MLP.from_parameters((2, 1), "relu", "identity", np.zeros(3, dtype=np.float32))
    _, X, _, encoding = _signs()
    constant = np.ones((ROWS, 1), dtype=np.float32)
    assert permutation_importances(network, X, constant, encoding, "regression", repeats=2, seed=0) is None


def test_rows_are_as_many_as_the_budget_allows(monkeypatch):
    monkeypatch.setattr(importance, "BUDGET", 1_000_000)
    assert affordable_rows(50, 2, 5, 10) == 50
    assert affordable_rows(90_000, 2, 5, 10) == 10_000
    assert affordable_rows(90_000, 2, 5, 1000) == 100
    assert affordable_rows(90_000, 2, 5, 1001) == 0
    assert affordable_rows(50, 2, 5, 2000) == 50  # all that there are
    network, X, Y, encoding = _signs()
    monkeypatch.setattr(importance, "BUDGET", 2 * 3 * 6 * 150)
    assert permutation_importances(network, X, Y, encoding, "classification", repeats=3, seed=0)["rows"] == 150
    monkeypatch.setattr(importance, "BUDGET", 2 * 3 * 6 * 99)
    assert permutation_importances(network, X, Y, encoding, "classification", repeats=3, seed=0) is None


def test_the_rows_that_were_given_stay_as_they_were():
    network, X, Y, encoding = _signs()
    before = X.copy()
    permutation_importances(network, X, Y, encoding, "classification", repeats=2, seed=0)
    assert X.tobytes() == before.tobytes()
