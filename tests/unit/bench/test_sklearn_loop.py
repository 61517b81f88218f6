"""scikit-learn's loop in the benchmark: the epochs that are asked for, in float32, going on where it was."""

from typing import Any

import pytest
from sklearn.neural_network import MLPClassifier

from bench import sklearn_loop
from bench.problems import Problem, rows_of


def test_it_trains_exactly_so_many_epochs_more_and_stays_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[MLPClassifier] = []

    def keep(*sizes: Any, **options: Any) -> MLPClassifier:
        made.append(MLPClassifier(*sizes, **options))
        return made[-1]

    monkeypatch.setattr(sklearn_loop, "MLPClassifier", keep)
    with sklearn_loop.sklearn_loop(rows_of(Problem((3, 4, 3), 8, 64)), threads=1) as epochs:
        epochs(1)
        epochs(30)
    (classifier,) = made
    assert len(classifier.loss_curve_) == 31
    assert classifier.loss_curve_[-1] < classifier.loss_curve_[0]
    assert {weights.dtype.name for weights in classifier.coefs_} == {"float32"}
