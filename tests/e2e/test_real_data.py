"""Held-out scores on real tables, through HTTP, with the service's default settings, on both databases."""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import r2_score
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler

from core.splits import split_rows
from mlp.child_stack import ChildStack
from mlp.client import Client
from tests.support.real_tables import classification_table, diabetes_table, mnist_table

SEEDS = range(5)
SPLITS = range(10)
TEST_FRACTION = 0.2


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a whole running service, once on SQLite and once on PostgreSQL 18."""
    folder: Path = tmp_path_factory.mktemp(f"stack-{request.param}")
    environment = {}
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_server")
        environment["MLP_DATABASE_URL"] = server.create_database("real_data")
    with ChildStack(folder, environment) as stack, Client(stack.url) as client:
        yield client


def held_out_scores(client: Client, name: str, seeds: range, metric: str, **options: object) -> list[float]:
    """Train once for each seed; the scores on the rows held out."""
    jobs = [
        client.train(name, "target", seed=seed, model=f"{name}-{seed}", test_fraction=TEST_FRACTION, **options)
        for seed in seeds
    ]
    scores = []
    for job in jobs:
        model = client.wait(job["id"], timeout=300)["model"]
        assert model is not None
        version = client.version(model["name"], model["version"])
        assert version["metrics"]["test"]["rows"] > 0
        scores.append(version["metrics"]["test"][metric])
    return scores


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("name", "accuracy"),
    [("iris", 0.93), ("wine", 0.95), ("breast_cancer", 0.95), ("digits", 0.97), ("mnist", 0.92)],
)
def test_the_median_accuracy_of_five_seeds_reaches_what_is_asked(client: Client, name: str, accuracy: float) -> None:
    table = mnist_table() if name == "mnist" else classification_table(name)
    client.upload(table, name)
    scores = held_out_scores(client, name, SEEDS, "accuracy")
    print(f"{name}: {sorted(scores)}")
    assert statistics.median(scores) >= accuracy


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_diabetes_is_predicted_as_well_as_by_scikit_learn(client: Client) -> None:
    X, y, table = diabetes_table()
    client.upload(table, "diabetes")
    ours = held_out_scores(client, "diabetes", SPLITS, "r2", task="regression")
    theirs = [scikit_learn_r2(X, y, seed) for seed in SPLITS]
    print(f"diabetes: ours {np.round(ours, 3)}, scikit-learn's {np.round(theirs, 3)}")
    assert statistics.mean(ours) >= statistics.mean(theirs) - 0.03


def scikit_learn_r2(X: np.ndarray, y: np.ndarray, seed: int) -> float:
    """R² of scikit-learn's MLPRegressor on the very rows that the service holds out for this seed."""
    split = split_rows(len(y), validation_fraction=0.1, test_fraction=TEST_FRACTION, seed=seed, strata=None)
    rows = np.concatenate([split.train, split.validation])
    features, target = StandardScaler().fit(X[rows]), StandardScaler().fit(y[rows, None])
    network = MLPRegressor(
        hidden_layer_sizes=(128, 64),
        activation="relu",
        solver="adam",
        learning_rate_init=0.001,
        alpha=0.0,
        batch_size=32,
        max_iter=200,
        early_stopping=True,
        validation_fraction=len(split.validation) / len(rows),
        n_iter_no_change=20,
        tol=1e-4,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit(features.transform(X[rows]), target.transform(y[rows, None])[:, 0])
    predicted = target.inverse_transform(network.predict(features.transform(X[split.test]))[:, None])[:, 0]
    return float(r2_score(y[split.test], predicted))
