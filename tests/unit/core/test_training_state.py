"""The training state: copies that JSON and tensors can hold, and what is refused."""

import json

import numpy as np
import pytest

from core.early_stopping import Watch
from core.errors import UnreadableState
from core.schedules import Plateau
from core.training_state import EpochSums, Progress, TrainingState


def _state() -> TrainingState:
    return TrainingState(
        np.arange(3, dtype=np.float32),
        {"m": np.ones(3, dtype=np.float32)},
        np.zeros(3, dtype=np.float32),
        Progress(
            epoch=4,
            batch=2,
            step=23,
            last_loss=0.1,
            seconds=0.3,
            watch=Watch(2, 1 / 3, 0.5, 1),
            plateau=Plateau(0.7, 1, 2),
        ),
        EpochSums(16, 16.5, 0.1 + 0.2, 1e-300, 3.5, np.array([1 / 3, 7.0])),
    )


def _equal(a: TrainingState, b: TrainingState) -> bool:
    (tensors_a, meta_a), (tensors_b, meta_b) = a.to_tensors(), b.to_tensors()
    same = {name: (each.dtype, each.tobytes()) for name, each in tensors_a.items()} == {
        name: (each.dtype, each.tobytes()) for name, each in tensors_b.items()
    }
    return same and meta_a == meta_b


def test_a_state_survives_tensors_and_json_to_the_bit():
    tensors, meta = _state().to_tensors()
    assert set(tensors) == {"parameters", "optimizer.m", "best_parameters"}
    again = TrainingState.from_tensors(tensors, json.loads(json.dumps(meta, allow_nan=False)))
    assert _equal(again, _state())
    assert (again.step, again.epoch, again.batch) == (23, 4, 2)


def test_a_state_before_the_first_batch_survives_too():
    state = TrainingState(np.zeros(2), {})
    tensors, meta = state.to_tensors()
    assert set(tensors) == {"parameters"}
    assert _equal(TrainingState.from_tensors(tensors, meta), state)


def test_tensors_are_copies_on_both_ways():
    state = _state()
    tensors, meta = state.to_tensors()
    state.parameters[:] = 9
    again = TrainingState.from_tensors(tensors, meta)
    tensors["parameters"][:] = 8
    assert again.parameters.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "change",
    [
        {"format_version": 1},
        {"format_version": None},
        {"progress": {"epok": 1}},
        {"progress": {"watch": {}, "plateau": {}, "epok": 1}},
        {"sums": {}},
        {"sums": None},
    ],
)
def test_a_state_of_another_format_is_refused(change):
    tensors, meta = _state().to_tensors()
    with pytest.raises(UnreadableState):
        TrainingState.from_tensors(tensors, {**meta, **change})


@pytest.mark.parametrize("lost", ["parameters"])
def test_a_state_without_its_parameters_is_refused(lost):
    tensors, meta = _state().to_tensors()
    del tensors[lost]
    with pytest.raises(UnreadableState, match="incomplete"):
        TrainingState.from_tensors(tensors, meta)
