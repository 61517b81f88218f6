"""Batches: every row once an epoch, in an order that only seed and epoch decide."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.batches import batch_count, batch_rows, epoch_order


@given(n=st.integers(1, 60), size=st.integers(1, 70), seed=st.integers(0, 2**53 - 1), epoch=st.integers(1, 1000))
def test_an_epoch_takes_every_row_once(n, size, seed, epoch):
    order = epoch_order(n, seed, epoch)
    batches = [batch_rows(order, size, batch) for batch in range(batch_count(n, size))]
    assert sorted(np.concatenate(batches).tolist()) == list(range(n))
    assert all(len(rows) == size for rows in batches[:-1])
    assert 1 <= len(batches[-1]) <= size


def test_the_order_is_a_function_of_seed_and_epoch():
    assert epoch_order(50, 7, 3).tolist() == epoch_order(50, 7, 3).tolist()
    assert epoch_order(50, 7, 3).tolist() != epoch_order(50, 7, 4).tolist()
    assert epoch_order(50, 7, 3).tolist() != epoch_order(50, 8, 3).tolist()
