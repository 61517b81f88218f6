"""The arithmetic of the benchmark's problems, and their rows."""

import numpy as np
import pytest

from bench.problems import PROBLEMS, Problem, rows_of


def test_the_flops_are_those_of_the_products_counted_by_hand() -> None:
    # Forward 2·(4·16 + 16·3), gradients as much again, and back through the second layer only: 2·16·3.
    assert Problem((4, 16, 3), 32, 32).gemm_flops_per_sample == 2 * 112 + 2 * 112 + 2 * 48


def test_a_network_without_hidden_layers_brings_nothing_back() -> None:
    assert Problem((5, 2), 1, 1).gemm_flops_per_sample == 2 * 10 + 2 * 10


def test_the_problems_are_those_that_were_asked_for() -> None:
    assert [problem.name for problem in PROBLEMS] == [
        "4-16-3,32",
        "64-64-10,128",
        "784-512-256-10,32",
        "784-512-256-10,128",
        "784-512-256-10,1024",
        "1024-2048-2048-100,128",
    ]


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
def test_every_batch_of_an_epoch_is_full(problem: Problem) -> None:
    assert problem.rows % problem.batch == 0


def test_the_rows_have_every_class_and_the_same_targets_in_both_forms() -> None:
    rows = rows_of(Problem((3, 4, 5), 8, 40))
    assert (rows.X.shape, rows.X.dtype) == ((40, 3), np.float32)
    assert set(rows.labels.tolist()) == set(range(5))
    assert (rows.Y.shape, rows.Y.dtype) == ((40, 5), np.float32)
    np.testing.assert_array_equal(rows.Y.argmax(axis=1), rows.labels)
    np.testing.assert_array_equal(rows.Y.sum(axis=1), 1)
