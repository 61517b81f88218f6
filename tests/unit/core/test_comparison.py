"""Every metric that is one number can be compared, in its own direction."""

from typing import Any

import numpy as np
import pytest

from core.comparison import LOWER_IS_BETTER, METRICS, improvement, lower_is_better, metric_names, metric_values
from core.configuration import Task
from core.metrics import SCORE_OF, evaluate
from core.targets import TargetEncoding

ENCODINGS: dict[str, TargetEncoding] = {
    "classification": TargetEncoding("classification", ("t",), ("x", "y")),
    "regression": TargetEncoding("regression", ("t",), (), (0.0,), (1.0,)),
    "multilabel": TargetEncoding("multilabel", ("a", "b"), ("a", "b")),
    "distribution": TargetEncoding("distribution", ("a", "b"), ("a", "b")),
    "several": TargetEncoding("regression", ("a", "b.c"), (), (0.0, 0.0), (1.0, 1.0)),
}


def evaluated(kind: str, outputs: Any, targets: Any) -> dict[str, Any]:
    encoding = ENCODINGS[kind]
    Y = np.array(targets, dtype=np.float32)
    return evaluate(encoding.task, np.array(outputs, dtype=np.float32), Y, encoding, train_targets=Y, seed=0)


GOOD = {
    "classification": ([[0.9, 0.1], [0.2, 0.8], [0.9, 0.1]], [[1, 0], [0, 1], [1, 0]]),
    "regression": ([[1.1], [2.0], [3.0]], [[1], [2], [3]]),
    "multilabel": ([[0.9, 0.1], [0.2, 0.8], [0.9, 0.9]], [[1, 0], [0, 1], [1, 1]]),
    "distribution": ([[0.9, 0.1], [0.2, 0.8]], [[1, 0], [0.3, 0.7]]),
}


@pytest.mark.parametrize("task", METRICS)
def test_the_list_has_all_numbers_that_are_measured_and_no_other(task: Task) -> None:
    metrics = evaluated(task, *GOOD[task])
    numbers = {name for name, value in metrics.items() if isinstance(value, float)}
    assert numbers == set(METRICS[task])
    assert METRICS[task][0] == SCORE_OF[task]
    assert metric_names(task, ["t"]) == list(METRICS[task])


@pytest.mark.parametrize("task", METRICS)
def test_better_outputs_are_better_by_every_metric(task: Task) -> None:
    outputs, targets = GOOD[task]
    worse = np.array(outputs)[::-1] if task != "multilabel" else 1 - np.array(outputs)
    if task == "classification":
        worse = 1 - np.array(outputs)
    good, bad = (metric_values(METRICS[task], evaluated(task, each, targets)) for each in (outputs, worse))
    for name, value in good.items():
        over = bad[name]
        assert value is not None
        assert over is not None
        assert improvement(name, value, over) > 0, name


def test_each_of_several_targets_has_its_metrics() -> None:
    names = metric_names("regression", ["a", "b.c"])
    assert names[:4] == ["r2", "targets.a.r2", "targets.a.rmse", "targets.a.mae"]
    values = metric_values(names, evaluated("several", [[1, 2], [2, 4], [3, 5]], [[1, 1], [2, 4], [3, 5]]))
    assert values["targets.a.rmse"] == 0
    assert values["targets.b.c.mae"] == pytest.approx(1 / 3)
    assert None not in values.values()
    assert lower_is_better("targets.b.c.mae")
    assert not lower_is_better("targets.rmse.r2")


def test_what_was_not_measured_is_none() -> None:
    assert metric_values(["accuracy", "targets.a.r2"], {"roc_auc": 1.0}) == {"accuracy": None, "targets.a.r2": None}
    assert {name for names in METRICS.values() for name in names} >= LOWER_IS_BETTER
