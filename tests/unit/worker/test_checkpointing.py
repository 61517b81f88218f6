"""A checkpoint gives back the very state that was saved."""

from __future__ import annotations

import json

import numpy as np
import pytest
import safetensors.numpy

from core.errors import UnreadableState
from core.training import TrainingState
from worker import checkpointing


def a_state() -> TrainingState:
    random = np.random.default_rng(3)
    state = TrainingState(
        random.normal(size=11).astype(np.float32),
        {"m": random.normal(size=11).astype(np.float32), "v": random.normal(size=11).astype(np.float32)},
        random.normal(size=11).astype(np.float32),
    )
    state.progress.epoch, state.progress.batch, state.progress.step = 4, 7, 31
    state.progress.best_loss = 0.1 + 0.2  # a float that decimal notation easily cuts short
    state.sums.rows, state.sums.loss, state.sums.score = 5, 1 / 3, np.array([2.0, 1e-17])
    return state


def test_a_decoded_checkpoint_is_the_state_to_the_bit() -> None:
    state = a_state()
    tensors, meta = state.to_tensors()
    again, meta_again = checkpointing.decode(checkpointing.encode(state)).to_tensors()
    assert meta_again == meta
    assert {name: (a.dtype, a.tobytes()) for name, a in again.items()} == {
        name: (a.dtype, a.tobytes()) for name, a in tensors.items()
    }


def test_a_decoded_checkpoint_can_be_trained_on() -> None:
    state = checkpointing.decode(checkpointing.encode(a_state()))
    state.parameters += 1.0  # an optimizer updates in place: the arrays must be writable
    assert state.parameters.flags.owndata


def test_bytes_of_another_format_are_refused_by_name() -> None:
    tensors, meta = a_state().to_tensors()
    other = safetensors.numpy.save(tensors, {"format": "mlp-checkpoint-0", "state": json.dumps(meta)})
    with pytest.raises(UnreadableState, match="mlp-checkpoint-0"):
        checkpointing.decode(other)


@pytest.mark.parametrize("data", [b"", b"\x00" * 7, b"not safetensors at all", b"\xff" * 64])
def test_bytes_that_are_no_checkpoint_are_refused(data: bytes) -> None:
    with pytest.raises(UnreadableState):
        checkpointing.decode(data)


def test_a_checkpoint_that_was_cut_short_is_refused() -> None:
    whole = checkpointing.encode(a_state())
    with pytest.raises(UnreadableState):
        checkpointing.decode(whole[: len(whole) // 2])
