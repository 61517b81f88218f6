"""scikit-learn's training loop."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from bench.problems import Rows


@contextmanager
def sklearn_loop(rows: Rows, *, threads: int) -> Iterator[Callable[[int], None]]:
    """A function that trains for so many epochs more, in one `fit`.

    With `warm_start` it goes on with the weights that it has. `partial_fit` would check the table and encode the labels
    once an epoch, `fit` does so once.
    """
    classifier = MLPClassifier(
        rows.problem.sizes[1:-1],
        activation="relu",
        solver="adam",
        alpha=0.0,
        batch_size=rows.problem.batch,
        early_stopping=False,
        tol=0.0,
        n_iter_no_change=10**9,
        random_state=0,
        warm_start=True,
    )

    def epochs(count: int) -> None:
        classifier.set_params(max_iter=count)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            classifier.fit(rows.X, rows.labels)

    with threadpool_limits(limits=threads):
        yield epochs
