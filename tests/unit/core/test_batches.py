"""Batches: every row once an epoch, in an order that only seed and epoch decide."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.batches import BlockedOrder, batch_count, batch_rows, epoch_order


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


@given(
    n=st.integers(1, 200),
    rows=st.integers(1, 30),
    blocks=st.integers(1, 12),
    seed=st.integers(0, 2**53 - 1),
    epoch=st.integers(1, 1000),
)
def test_a_blocked_order_takes_every_row_once_and_few_blocks_at_a_time(n, rows, blocks, seed, epoch):
    order = BlockedOrder(rows, blocks)(n, seed, epoch)
    assert sorted(order.tolist()) == list(range(n))
    window = rows * blocks
    for start in range(0, n, window):
        # One block more where the short one at the matrix's end has moved the others.
        assert len(set((order[start : start + window] // rows).tolist())) <= blocks + 1


def test_a_blocked_order_is_a_function_of_seed_and_epoch():
    order = BlockedOrder(5, 3)
    assert order(50, 7, 3).tolist() == order(50, 7, 3).tolist()
    assert order(50, 7, 3).tolist() != order(50, 7, 4).tolist()
    assert order(50, 7, 3).tolist() != order(50, 8, 3).tolist()


def test_rows_change_places_within_a_window():
    order = BlockedOrder(10, 4)(400, 0, 1)
    assert (np.abs(np.diff(order)) == 1).mean() < 0.1  # neighbours did not stay together
    assert order.tolist() != BlockedOrder(10, 1)(400, 0, 1).tolist()


def test_each_window_has_rows_of_every_kind_where_the_rows_are_sorted():
    kinds = np.repeat(np.arange(10), 2000)
    order = BlockedOrder(10, 200)(20_000, 0, 1)
    for start in range(0, 20_000, 2000):  # ten windows of 200 blocks, about 20 of each kind
        shares = np.bincount(kinds[order[start : start + 2000]], minlength=10) / 2000
        assert shares.min() > 0.03
        assert shares.max() < 0.2
