"""The metrics that early stopping can watch are those of the evaluation."""

import numpy as np
import pytest

from core.early_stopping import TASKS_OF
from core.metrics import evaluate
from core.targets import TargetEncoding
from core.watched_metrics import WATCHED

ENCODINGS = {
    "classification": TargetEncoding("classification", ("y",), ("a", "b", "c")),
    "regression": TargetEncoding("regression", ("y",), (), (100.0,), (10.0,)),
    "multilabel": TargetEncoding("multilabel", ("y", "z", "u"), ("y", "z", "u")),
}


@pytest.mark.parametrize("task", ENCODINGS)
@pytest.mark.parametrize("metric", WATCHED)
def test_a_watched_metric_is_what_the_evaluation_says(metric, task):
    if task not in TASKS_OF[metric]:
        return
    random, encoding = np.random.default_rng(0), ENCODINGS[task]
    outputs = random.dirichlet(np.ones(3), 40).astype(np.float32)
    targets = np.eye(3, dtype=np.float32)[random.integers(0, 3, 40)]
    if task == "regression":
        outputs, targets = outputs[:, :1], targets[:, :1]
    said = evaluate(task, outputs, targets, encoding, train_targets=targets, seed=0)
    assert WATCHED[metric](outputs, targets, encoding) == pytest.approx(said[metric.removeprefix("validation_")])


def test_several_targets_are_watched_by_their_mean_in_own_units():
    encoding = TargetEncoding("regression", ("a", "b"), (), (0.0, 0.0), (10.0, 1.0))
    outputs, targets = np.array([[1.0, 3.0], [1.0, 3.0]]), np.zeros((2, 2))
    assert WATCHED["validation_rmse"](outputs, targets, encoding) == 6.5
    assert WATCHED["validation_mae"](outputs, targets, encoding) == 6.5


def test_the_metrics_that_are_computed_are_those_that_no_report_has():
    assert set(WATCHED) == set(TASKS_OF) - {"validation_loss", "validation_score", "train_loss", "train_score"}
