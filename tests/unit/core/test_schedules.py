"""Schedules: each rate by hand, the plateau's memory, and the fields that a schedule does not read."""

import pytest

from core.errors import InvalidConfiguration
from core.schedules import FIELDS_OF, SCHEDULES, Plateau, ScheduleConfig, scheduled_rate


def _rates(config, epochs, reductions=0):
    return [scheduled_rate(config, 1.0, epoch, epochs, reductions) for epoch in range(1, epochs + 1)]


def test_a_constant_rate_is_the_optimizers():
    assert _rates(ScheduleConfig(), 3) == [1.0, 1.0, 1.0]


def test_warm_up_worked_by_hand():
    # Three epochs of warm-up: a third, two thirds, the whole; then the schedule begins.
    assert _rates(ScheduleConfig(warmup_epochs=3), 5) == pytest.approx([1 / 3, 2 / 3, 1, 1, 1])
    assert _rates(ScheduleConfig("step", warmup_epochs=2, step_epochs=1, factor=0.5), 4) == [0.5, 1.0, 1.0, 0.5]


def test_step_worked_by_hand():
    # Halved after every second epoch.
    assert _rates(ScheduleConfig("step", step_epochs=2, factor=0.5), 5) == [1.0, 1.0, 0.5, 0.5, 0.25]


def test_cosine_worked_by_hand():
    # Four epochs from 1 to 0.2: (1 + cos 0, cos 45°, cos 90°, cos 135°)/2 of the 0.8 between.
    half = 2**0.5 / 2
    wanted = [0.2 + 0.8 * (1 + turn) / 2 for turn in (1, half, 0, -half)]
    assert _rates(ScheduleConfig("cosine", min_learning_rate=0.2), 4) == pytest.approx(wanted)
    assert _rates(ScheduleConfig("cosine", min_learning_rate=0.2, warmup_epochs=2), 6)[2:] == pytest.approx(wanted)


def test_plateau_worked_by_hand():
    # After 0, 1, 2 reductions by 0.1, not below 0.05.
    config = ScheduleConfig("plateau", factor=0.1, min_learning_rate=0.05)
    assert [_rates(config, 1, reductions)[0] for reductions in (0, 1, 2)] == pytest.approx([1, 0.1, 0.05])


def test_a_plateau_is_patience_epochs_without_an_improvement_of_min_delta():
    config, plateau, reductions = ScheduleConfig("plateau", patience=2, min_delta=0.1), Plateau(), []
    for loss in (1.0, 0.95, 0.89, 0.9, 0.85, 0.84, 0.83, 0.82, 0.1):
        plateau.watch(config, loss)
        reductions.append(plateau.reductions)
    # 0.89 is an improvement on 1.0; 0.9 and 0.85 are none on it: one; 0.84 and 0.83: two; 0.82; 0.1 is one.
    assert reductions == [0, 0, 0, 0, 1, 1, 2, 2, 2]
    assert plateau == Plateau(0.1, 0, 2)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_field_that_the_schedule_does_not_read_is_refused(name):
    values = {"step_epochs": 7, "factor": 0.7, "patience": 7, "min_delta": 0.7, "min_learning_rate": 1e-9}
    for field, value in values.items():
        if field in FIELDS_OF[name]:
            assert getattr(ScheduleConfig(name, **{field: value}), field) == value
        else:
            with pytest.raises(InvalidConfiguration, match=f"the schedule {name} has none") as refused:
                ScheduleConfig(name, **{field: value})
            assert refused.value.field == f"schedule.{field}"
    assert set().union(*FIELDS_OF.values()) == set(values)
