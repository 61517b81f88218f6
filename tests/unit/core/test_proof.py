"""Real tables, at default settings: the core learns what a network should."""

import itertools
import statistics

import numpy as np
import pytest
from sklearn import datasets
from sklearn.metrics import r2_score
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler

from core.configuration import TrainingConfig
from core.encoding import Encoding
from core.metrics import evaluate
from core.splits import split_rows
from core.table import NumberColumn
from core.targets import TargetEncoding
from core.training import Trainer

HELD_OUT = 0.2


def _held_out_metrics(data, task, seed):
    """Split, encode, train and evaluate on the test part, as whoever runs a training job does."""
    config = TrainingConfig(task=task, test_fraction=HELD_OUT, seed=seed)
    features = {f"x{i}": NumberColumn(np.array(values, dtype=np.float64)) for i, values in enumerate(data.data.T)}
    target = {"y": NumberColumn(data.target.astype(np.float64))}
    split = split_rows(
        len(data.target),
        validation_fraction=config.validation_fraction,
        test_fraction=config.test_fraction,
        seed=seed,
        strata=data.target if task == "classification" else None,
    )

    def take(table, rows):
        return {name: column.take(rows) for name, column in table.items()}

    encoding = Encoding.fit(take(features, split.train), list(features), clip=config.clip)
    target_encoding = TargetEncoding.fit(take(target, split.train), ["y"], task)
    X, Y = zip(
        *(
            (encoding.transform(take(features, rows))[0], target_encoding.transform(take(target, rows)))
            for rows in (split.train, split.validation, split.test)
        ),
        strict=True,
    )
    trainer = Trainer(config, X[0], Y[0], X[1], Y[1], target_encoding, clock=itertools.count().__next__)
    for _ in trainer.run():
        pass
    outputs = trainer.best_network().predict(X[2])
    return evaluate(task, outputs, Y[2], target_encoding, train_targets=Y[0], seed=seed), split


@pytest.mark.parametrize(
    ("name", "accuracy"), [("iris", 0.93), ("wine", 0.95), ("breast_cancer", 0.95), ("digits", 0.97)]
)
def test_held_out_accuracy_at_default_settings(name, accuracy):
    data = getattr(datasets, f"load_{name}")()
    metrics = [_held_out_metrics(data, "classification", seed)[0] for seed in range(5)]
    assert statistics.median(each["accuracy"] for each in metrics) >= accuracy
    assert all(each["accuracy"] > each["baseline"]["accuracy"] for each in metrics)


def test_regression_is_not_behind_scikit_learn_on_diabetes():
    """The same splits, layers, optimizer, batches, patience and scaled target; scikit-learn's R² less 0.03."""
    data = datasets.load_diabetes()
    ours, theirs = [], []
    for seed in range(10):
        metrics, split = _held_out_metrics(data, "regression", seed)
        ours.append(metrics["r2"])
        learn = np.concatenate([split.train, split.validation])
        scaler, y = StandardScaler().fit(data.data[learn]), data.target[learn]
        regressor = MLPRegressor(
            hidden_layer_sizes=(128, 64),
            batch_size=32,
            alpha=0.0,
            early_stopping=True,
            validation_fraction=len(split.validation) / len(learn),
            n_iter_no_change=20,
            random_state=seed,
        ).fit(scaler.transform(data.data[learn]), (y - y.mean()) / y.std())
        predicted = regressor.predict(scaler.transform(data.data[split.test])) * y.std() + y.mean()
        theirs.append(r2_score(data.target[split.test], predicted))
    assert statistics.mean(ours) >= statistics.mean(theirs) - 0.03
