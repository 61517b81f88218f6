"""The results as tables of a page."""

from typing import Any

import pytest

from bench.serving import report, rows

RUN = {
    "started": "2026-12-01T07:00:00+00:00",
    "rounds": 5,
    "seconds": 5.0,
    "load_generator": "wrk 4.1.0",
    "machine": {"processor": "a processor", "cores": 2, "load": 0.1},
}


def _row(contestant: str, rate: float, **more: Any) -> dict[str, Any]:
    figures = {"requests_per_second": rate, "p50_ms": 1.25, "p99_ms": 3.0, "p99_over_p50": 2.4}
    spreads = {f"{name}_spread": [value, value] for name, value in figures.items()}
    group = {"part": "one-core", "network": "4-16-3", "connections": 1, "run": "1"}
    return {**group, "contestant": contestant, **figures, **spreads, **more}


def test_a_table_has_the_fastest_first_and_says_what_failed() -> None:
    ratio = {"ours": {"ours GET": {"ratio": 4.125, "spread": [4.0, 5.0]}}}
    void = {
        "part": "one-core",
        "network": "4-16-3",
        "connections": 1,
        "contestant": "mlflow",
        "error": "not\ninstalled",
    }
    lines = report.table([_row("fastapi", 2000.0, **ratio), void, _row("ours GET", 8250.0)]).splitlines()
    assert lines[0] == "**One core, 4-16-3, 1 connection**"
    assert lines[4].startswith("| **ours GET** | 8,250 (8,250–8,250) | 1.25 (1.25–1.25) |")
    assert lines[5].startswith("| fastapi | 2,000")
    assert lines[5].endswith("| 4.12 (GET) |")
    assert lines[6] == "| mlflow | not installed |  |  |  |  |"


def test_the_tables_stand_between_the_marks_of_the_page() -> None:
    page = f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n"
    found = report.tables({"runs": {"1": RUN}, "rows": [_row("ours GET", 1.0)]})
    new = report.into_page(page, found)
    assert new.startswith("before\n")
    assert new.endswith("\nafter\n")
    assert "old" not in new
    assert "5 rounds of 5 s; wrk 4.1.0." in new
    assert report.into_page(new, found) == new
    with pytest.raises(ValueError, match="the page has no"):
        report.into_page("no marks", found)


def test_the_page_shows_what_the_results_say() -> None:
    found = report.tables(rows.read(report.RESULTS))
    text = report.PAGE.read_text("utf-8")
    assert report.into_page(text, found) == text, "python -m bench.serve --report"
