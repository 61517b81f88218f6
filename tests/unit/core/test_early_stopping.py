"""Early stopping's memory: directions, min_delta, and values that are not defined."""

import pytest

from core.early_stopping import LOWER_IS_BETTER, TASKS_OF, EarlyStopping, Watch
from core.errors import InvalidConfiguration


def _seen(values, lower_is_better, min_delta=0.0):
    watch, best = Watch(), []
    for epoch, value in enumerate(values, start=1):
        best.append(watch.see(epoch, value, lower_is_better=lower_is_better, min_delta=min_delta))
    return watch, best


def test_lower_is_better_for_a_loss_and_higher_for_a_score():
    assert _seen([3.0, 1.0, 2.0], True)[0] == Watch(2, 1.0, 1.0, 1)
    assert _seen([1.0, 3.0, 2.0], False)[0] == Watch(2, 3.0, 3.0, 1)


@pytest.mark.parametrize("sign", [1, -1])
def test_small_steps_count_together_towards_min_delta(sign):
    watch, best = _seen([-sign * v for v in (0, 3, 6, 11, 12)], sign > 0, min_delta=10)
    assert best == [True] * 5
    assert (watch.reference_value, watch.epochs_without_improvement) == (-sign * 11, 1)


def test_a_value_that_is_not_defined_is_no_improvement_but_the_first_epoch_is_kept():
    watch, best = _seen([None, None, 0.5, None], False)
    assert best == [True, False, True, False]
    assert watch == Watch(3, 0.5, 0.5, 1)
    assert _seen([None, None], True)[0] == Watch(1, None, None, 2)


def test_every_metric_has_a_direction_and_fits_a_task():
    assert set(TASKS_OF) >= LOWER_IS_BETTER
    assert {metric for metric in TASKS_OF if "loss" in metric or metric.endswith(("mse", "mae"))} == LOWER_IS_BETTER
    for metric, tasks in TASKS_OF.items():
        for task in ("classification", "regression", "multilabel", "distribution"):
            if task in tasks:
                EarlyStopping(metric).check_task(task)
            else:
                with pytest.raises(InvalidConfiguration, match=f"{task} has no {metric}"):
                    EarlyStopping(metric).check_task(task)
