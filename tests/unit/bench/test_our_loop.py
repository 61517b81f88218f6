"""Our loop in the benchmark: that it trains, reports, and hands the threads over where the trainer takes them."""

from typing import Any, ClassVar

import numpy as np
from threadpoolctl import threadpool_info

from bench import our_loop
from bench.problems import Problem, rows_of
from core.training import Trainer

ROWS = rows_of(Problem((3, 4, 3), 8, 64))


def test_it_trains_so_many_epochs_with_looks_on_the_way_and_a_report_after_each(monkeypatch) -> None:
    looks, desks = [], []

    class CountedLook(our_loop.Look):
        def __init__(self) -> None:
            super().__init__()
            looks.append(self)

    class CountedDesk(our_loop.Desk):
        def __init__(self) -> None:
            super().__init__()
            desks.append(self)

    monkeypatch.setattr(our_loop, "Look", CountedLook)
    monkeypatch.setattr(our_loop, "Desk", CountedDesk)
    with our_loop.our_loop(ROWS, threads=1) as epochs:
        epochs(2)
        epochs(20)
    assert looks[0].beats >= 22
    reports = list(desks[0].waiting)
    assert [report["epoch"] for report in reports] == list(range(1, 23))
    assert reports[-1]["train_loss"] < reports[0]["train_loss"]


def _blas_threads() -> list[int]:
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


class Threaded(Trainer):
    """A trainer with threads of its own."""

    given: ClassVar[list[int]] = []

    def __init__(self, *rows: Any, threads: int, **more: Any) -> None:
        self.given.append(threads)
        super().__init__(*rows, **more)


class Unthreaded(Trainer):
    """A trainer that leaves threads to BLAS."""

    def __init__(self, config, X, Y, X_val, Y_val, target_encoding, *, clock) -> None:
        super().__init__(config, X, Y, X_val, Y_val, target_encoding, clock=clock)


def test_a_trainer_with_threads_of_its_own_gets_them_and_blas_has_one() -> None:
    with our_loop.our_loop(ROWS, threads=2, trainer=Threaded) as epochs:
        epochs(1)
        assert set(_blas_threads()) == {1}
    assert Threaded.given == [2]


def test_a_trainer_without_them_leaves_them_to_blas() -> None:
    with our_loop.our_loop(ROWS, threads=2, trainer=Unthreaded) as epochs:
        epochs(1)
        assert set(_blas_threads()) == {2}


def test_the_blas_threads_are_afterwards_what_they_were() -> None:
    before = _blas_threads()
    with our_loop.our_loop(ROWS, threads=1):
        assert set(_blas_threads()) == {1}
    assert _blas_threads() == before


def test_it_is_asked_for_what_the_peers_are() -> None:
    config = our_loop.configuration(ROWS)
    assert (config.optimizer.name, config.optimizer.learning_rate) == ("adam", 1e-3)
    assert (config.resolved_loss, config.activation, config.batch_size) == ("cross_entropy", "relu", 8)
    assert (config.early_stopping, config.validation_fraction, config.l2, config.dropout) == (None, 0, 0, 0)
    assert ROWS.X.dtype == np.float32
