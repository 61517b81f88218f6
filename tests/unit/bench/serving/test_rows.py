"""From windows to rows: medians, ratios within a round, and runs that are put together."""

from pathlib import Path
from typing import Any

import pytest

from bench.serving import rows
from bench.serving.questions import Question
from bench.serving.windows import Contestant
from bench.serving.wrk import Window

QUESTION = Question("GET", "/", b"", lambda _, body: body)


def _contestant(name: str, rates: list[float], error: str | None = None) -> Contestant:
    return Contestant(name, None, 1, QUESTION, [Window(rate, 1.0, 2.5, 0) for rate in rates], error)


def test_a_ratio_is_taken_within_its_round_and_the_median_over_the_rounds() -> None:
    ours, theirs = _contestant("ours GET", [900.0, 100.0, 500.0]), _contestant("fastapi", [300.0, 10.0, 125.0])
    found = rows.rows_of([ours, theirs], part="one-core", network="4-16-3", connections=16)
    assert found[0] == {
        "part": "one-core",
        "network": "4-16-3",
        "connections": 16,
        "contestant": "ours GET",
        "rounds": 3,
        "requests_per_second": 500.0,
        "requests_per_second_spread": [100.0, 900.0],
        "p50_ms": 1.0,
        "p50_ms_spread": [1.0, 1.0],
        "p99_ms": 2.5,
        "p99_ms_spread": [2.5, 2.5],
        "p99_over_p50": 2.5,
        "p99_over_p50_spread": [2.5, 2.5],
    }
    assert found[1]["ours"] == {"ours GET": {"ratio": 4.0, "spread": [3.0, 10.0]}}  # and not 500 ÷ 125 of medians


@pytest.mark.parametrize("void", ["ours GET", "fastapi"])
def test_a_void_contestant_has_no_figures_and_nobody_is_compared_with_it(void: str) -> None:
    both = [_contestant(name, [1.0], "void" if name == void else None) for name in ("ours GET", "fastapi")]
    found = {row["contestant"]: row for row in rows.rows_of(both, part="bulk")}
    assert found[void] == {"part": "bulk", "contestant": void, "error": "void"}
    assert found["fastapi"].get("ours", {}) == {}


def _row(network: str, **more: Any) -> dict[str, Any]:
    return {"part": "one-core", "network": network, "connections": 1, "contestant": "x", **more}


def test_a_group_that_is_measured_again_is_replaced_and_its_run_forgotten_with_the_last_row(tmp_path: Path) -> None:
    first = rows.merged({}, {"started": "a"}, [_row("s"), _row("m")])
    second = rows.merged(first, {"started": "b"}, [_row("m", new=True)])
    assert second["rows"] == [_row("s", run="1"), _row("m", new=True, run="2")]
    assert second["runs"] == {"1": {"started": "a"}, "2": {"started": "b"}}
    third = rows.merged(second, {"started": "c"}, [_row("s")])
    assert set(third["runs"]) == {"2", "3"}
    path = tmp_path / "results" / "serve.json"
    assert rows.read(path) == {}
    rows.write(path, third)
    assert rows.read(path) == third
