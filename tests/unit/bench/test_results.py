"""From rounds to a row: what a median is of, and the form of the file."""

import json
from pathlib import Path

from bench.problems import Problem
from bench.results import HEADER, line, median_and_spread, row, write
from bench.rounds import OURS, SKLEARN, TORCH, Round

PROBLEM = Problem((4, 16, 3), 32, 64)


def _round(ours: float, default: float, fused: float, sklearn: float) -> Round:
    rates = {OURS: {"1 thread": ours}, TORCH: {"default": default, "fused": fused}, SKLEARN: {"1 thread": sklearn}}
    return Round(rates, {1: 1e9, 2: 2e9})


# The machine is slower in the second round, and the variants change places.
ROUNDS = [_round(100, 10, 20, 50), _round(30, 10, 5, 10), _round(80, 20, 10, 20)]


def test_the_spread_is_the_least_and_the_greatest() -> None:
    assert median_and_spread([3.0, 1.0, 2.0]) == (2.0, [1.0, 3.0])
    assert median_and_spread([1.23456, 1.23456]) == (1.235, [1.235, 1.235])


def test_a_ratio_is_the_median_of_the_rounds_ratios_and_not_a_ratio_of_medians() -> None:
    found = row(PROBLEM, ROUNDS)
    # 100/20, 30/10, 80/20 beside the better variant; 100/50, 30/10, 80/20, while the medians' ratio is 80/20 for both.
    assert (found["vs_torch"], found["vs_torch_spread"]) == (4.0, [3.0, 5.0])
    assert (found["vs_sklearn"], found["vs_sklearn_spread"]) == (3.0, [2.0, 4.0])


def test_a_row_begins_with_what_was_agreed_and_says_more_after_it() -> None:
    found = row(PROBLEM, ROUNDS, threads=2)
    first = ["shape", "batch", "samples_per_second", "vs_torch", "vs_sklearn", "gemm_fraction_of_peak"]
    assert list(found)[:6] == first
    assert [found[name] for name in first[:3]] == ["4-16-3", 32, 80.0]
    assert found["gemm_fraction_of_peak"] == 544 * 80 / 2e9
    assert found["peers_samples_per_second"] == {"torch": {"default": 10.0, "fused": 10.0}, "sklearn": {"1 thread": 20}}
    assert found["sgemm_gflops"] == {"1": 1.0, "2": 2.0}
    assert (found["rounds"], found["rows"], found["threads"]) == (3, 64, 2)


def test_the_file_is_a_list_that_reads_back(tmp_path: Path) -> None:
    rows = [row(PROBLEM, ROUNDS)]
    write(tmp_path / "new" / "train.json", rows)
    assert json.loads((tmp_path / "new" / "train.json").read_text("utf-8")) == rows


def test_a_line_shows_the_ratios_with_their_spread() -> None:
    text = line(row(PROBLEM, ROUNDS))
    assert "4 (3 to 5)" in text
    assert "3 (2 to 4)" in text
    assert HEADER.index("× torch") == text.index("4 (3 to 5)")
