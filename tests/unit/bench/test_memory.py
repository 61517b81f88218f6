"""From what was seen to the figures of bench/results/memory.json."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench import memory
from bench.large_tables import LargeTable
from bench.resident import Resident
from bench.shuffles import BLOCKS, ROWS, accuracy, accuracy_row, throughput, throughput_row
from bench.watched_training import _expect, memory_figures

TABLE = LargeTable(600, 8)


def test_memory_is_counted_above_the_idle_process_and_beside_the_matrix() -> None:
    idle, samples = Resident(anonymous=100, file=40, peak=500), SimpleNamespace(anonymous=320, file=90, count=7)
    assert memory_figures(100, idle, samples, 390) == {  # type: ignore[arg-type]
        "matrix_bytes": 100,
        "anonymous_bytes": 220,
        "anonymous_of_matrix": 2.2,
        "all_bytes": 250,
        "all_of_matrix": 2.5,
        "idle_anonymous_bytes": 100,
        "looks": 7,
    }


def test_a_process_that_ends_too_soon_is_no_figure() -> None:
    assert _expect("done 17\n", "done") == "17\n"
    with pytest.raises(RuntimeError):
        _expect("", "idle")


def test_throughput_is_compared_within_a_round() -> None:
    rates = [
        {"memory": 100.0, "cached": 90.0, "disk": 50.0},
        {"memory": 10.0, "cached": 10.0, "disk": 4.0},  # the machine was slow: for all of them
        {"memory": 100.0, "cached": 80.0, "disk": 60.0},
    ]
    row = throughput_row(TABLE, (16,), rates)
    assert (row["shape"], row["rounds"], row["matrix_bytes"]) == ("8-16-10", 3, 4 * 600 * 8)
    assert (row["memory_samples_per_second"], row["disk_samples_per_second"]) == (100.0, 50.0)
    assert (row["cached_vs_memory"], row["cached_vs_memory_spread"]) == (0.9, [0.8, 1.0])
    assert (row["disk_vs_memory"], row["disk_vs_memory_spread"]) == (0.5, [0.4, 0.6])
    assert "memory_vs_memory" not in row


def test_accuracy_is_compared_seed_by_seed() -> None:
    row = accuracy_row(TABLE, (16,), {ROWS: [0.9, 0.8], BLOCKS: [0.88, 0.8]})
    assert (row["accuracy_rows"], row["accuracy_blocks"], row["lost"]) == (0.85, 0.84, 0.01)
    assert row["lost_standard_error"] == 0.01
    assert row["file"] == "mixed"
    assert accuracy_row(TABLE, (16,), {ROWS: [0.9], BLOCKS: [0.9]})["lost_standard_error"] is None


def test_both_orders_are_trained_and_scored(tmp_path: Path) -> None:
    row = accuracy(TABLE, tmp_path, (16,), batch=32, epochs=3, seeds=1, threads=1)
    assert 0.2 < row["accuracy_rows"] <= 1.0
    assert 0.2 < row["accuracy_blocks"] <= 1.0
    speed = throughput(TABLE, tmp_path, (16,), batch=32, rounds=1, threads=1)
    assert all(speed[f"{way}_samples_per_second"] > 0 for way in ("memory", "cached", "disk"))
    assert list(tmp_path.iterdir()) == []


def test_what_was_not_measured_now_stays_in_the_results() -> None:
    old: list[dict[str, Any]] = [{"experiment": "accuracy", "x": 1}, {"experiment": "mapped", "x": 1}]
    new: list[dict[str, Any]] = [{"experiment": "mapped", "x": 2}, {"experiment": "once", "x": 2}]
    assert memory.merged(old, new) == [new[1], new[0], old[0]]


def test_a_try_writes_nothing_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def experiment(_chosen: Any, folder: Path) -> list[dict[str, Any]]:
        (folder / "matrix").write_text("…")
        return [{"experiment": "once", "anonymous_bytes": 1_234_567}]

    monkeypatch.setattr(memory, "EXPERIMENTS", {"once": experiment})
    monkeypatch.setattr(memory, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(memory, "start_unbent", lambda: None)
    work = ["--folder", str(tmp_path / "work")]
    memory.main([*work, "--scale", "0.1"])
    assert "anonymous_bytes: 1,234,567" in capsys.readouterr().out
    assert not (tmp_path / "results").exists()
    memory.main(work)
    (row,) = json.loads((tmp_path / "results" / "memory.json").read_text("utf-8"))
    assert row["anonymous_bytes"] == 1_234_567
    assert row["machine"]["cores"] >= 1
    assert list((tmp_path / "work").iterdir()) == []
