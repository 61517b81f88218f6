"""The fingerprint names what decides a training's bits."""

from __future__ import annotations

import json

import numpy as np
import threadpoolctl

from core.batches import BlockedOrder
from worker.fingerprint import fingerprint


def test_it_is_the_same_each_time_and_json() -> None:
    first = fingerprint()
    assert json.loads(json.dumps(first)) == fingerprint()
    assert first["numpy"] == np.__version__
    assert first["processor"]


def test_the_number_of_blas_threads_changes_it() -> None:
    with threadpoolctl.threadpool_limits(limits=1):
        one = fingerprint()
    with threadpoolctl.threadpool_limits(limits=2):
        two = fingerprint()
    assert one["blas"]
    assert one != two


def test_the_order_of_the_rows_changes_it() -> None:
    plain, blocked = fingerprint(), fingerprint(order=BlockedOrder(64, 1024))
    assert plain["shuffle"] == "rows"
    assert blocked["shuffle"] == "blocks of 64 rows, 1024 at a time"
    assert plain == {**blocked, "shuffle": "rows"}
