"""Dropout: zero or 1/(1 − rate), in expectation one, by seed, epoch and batch."""

import numpy as np

from core.dropout import drop_inputs, dropout_masks


def _masks(rate=0.25, epoch=1, batch=0):
    return dropout_masks((40, 60), 500, rate, seed=0, epoch=epoch, batch=batch, dtype=np.float32)


def test_entries_are_zero_or_scaled_so_that_their_mean_is_one():
    for mask, n in zip(_masks(), (40, 60), strict=True):
        assert mask.shape == (500, n)
        assert mask.dtype == np.float32
        assert set(np.unique(mask).tolist()) == {0.0, float(np.float32(1) / np.float32(0.75))}
        assert abs(mask.mean() - 1) < 0.02


def test_masks_are_a_function_of_epoch_and_batch():
    assert (_masks()[0] == _masks()[0]).all()
    assert (_masks()[0] != _masks(batch=1)[0]).any()
    assert (_masks()[0] != _masks(epoch=2)[0]).any()


def test_without_a_rate_there_is_no_mask():
    assert _masks(rate=0.0) is None


def test_inputs_are_dropped_or_scaled_by_a_mask_of_their_own():
    X = np.ones((500, 60), dtype=np.float32)
    dropped = drop_inputs(X, 0.25, seed=0, epoch=1, batch=0)
    assert dropped.dtype == np.float32
    assert set(np.unique(dropped).tolist()) == {0.0, float(np.float32(1) / np.float32(0.75))}
    assert abs(dropped.mean() - 1) < 0.02
    assert (X == 1).all()
    assert (dropped == drop_inputs(X, 0.25, seed=0, epoch=1, batch=0)).all()
    assert (dropped != drop_inputs(X, 0.25, seed=0, epoch=1, batch=1)).any()
    assert (dropped != _masks()[1]).any()  # not the mask of a hidden layer of that size


def test_without_a_rate_the_inputs_are_themselves():
    X = np.ones((2, 2))
    assert drop_inputs(X, 0.0, seed=0, epoch=1, batch=0) is X
