"""What came into the page cache first leaves it first, and nothing of it is lost."""

import threading
from pathlib import Path

import numpy as np

from bench.cage import Cage
from worker.matrices import MatrixRoom

MIB = 1 << 20


def matrix(folder: Path) -> np.ndarray:
    (X,) = MatrixRoom(folder, 0).matrices([16 << 10], 1024, lambda: None)  # 64 MiB
    X[...] = np.arange(len(X), dtype=np.float32)[:, np.newaxis]
    return X


def test_what_is_cached_beyond_the_limit_is_let_go_of(tmp_path: Path) -> None:
    X, cage = matrix(tmp_path), Cage(tmp_path, 16 * MIB)
    cage.tighten()
    assert cage.most == 64 * MIB
    after = Cage(tmp_path, 1 << 40)
    after.tighten()
    assert after.most <= 32 * MIB  # some pages are busy just then, and stay
    assert X[:, 5].tolist() == list(range(len(X)))


def test_a_limit_that_is_not_reached_lets_go_of_nothing(tmp_path: Path) -> None:
    X, cage = matrix(tmp_path), Cage(tmp_path, 64 * MIB)
    cage.tighten()
    cage.tighten()
    after = Cage(tmp_path, 1 << 40)
    after.tighten()
    assert after.most == X.nbytes


def test_other_folders_are_left_alone(tmp_path: Path) -> None:
    X, cage = matrix(tmp_path / "one"), Cage(tmp_path / "other", 0)
    cage.tighten()
    assert (cage.most, X.nbytes) == (0, 64 * MIB)


def test_it_guards_until_the_block_ends(tmp_path: Path) -> None:
    before = threading.active_count()
    with Cage(tmp_path, 0):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before
