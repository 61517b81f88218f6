"""The results as tables of a page: ``python -m bench.serve --report`` puts them into docs/serving-benchmarks.md."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.serving.rows import GROUP, Row

RESULTS = Path(__file__).parents[1] / "results" / "serve.json"
PAGE = Path(__file__).parents[2] / "docs" / "serving-benchmarks.md"
BEGIN, END = "<!-- bench.serve: begin -->", "<!-- bench.serve: end -->"
TITLES = {
    "one-core": "One core, {network}, {connections} connections",
    "half-load": "Half of the peak, {network}, {connections} connections",
    "bulk": "1,000 rows in one request, one core, {network}",
    "both-cores": "Both cores, {network}, {connections} connections",
}
HEADER = ("", "requests/s", "p50, ms", "p99, ms", "p99 ÷ p50", "× by ours")


def table(rows: Sequence[Row]) -> str:
    """A group's rows as a table in Markdown, the fastest first, spreads in brackets."""
    group = rows[0]
    title = TITLES[group["part"]].format(**group).replace(", 1 connections", ", 1 connection")
    lines = [f"**{title}**", "", _line(HEADER), _line(["---"] * len(HEADER))]
    order = sorted(rows, key=lambda row: -row.get("requests_per_second", 0.0))
    return "\n".join([*lines, *(_line(_cells(row)) for row in order)])


def tables(results: Mapping[str, Any]) -> str:
    """All groups, in the order in which they were measured, and what they were measured on."""
    if not results.get("rows"):
        return "Nothing has been measured yet."
    groups = itertools.groupby(results["rows"], key=lambda row: [row[name] for name in GROUP])
    conditions = [_conditions(number, run) for number, run in results["runs"].items()]
    return "\n\n".join([*conditions, *(table(list(rows)) for _, rows in groups)])


def into_page(text: str, found: str) -> str:
    """The page with what stands between its marks replaced."""
    before, _, rest = text.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"the page has no {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{found}\n\n{END}{after}"


def _cells(row: Row) -> list[str]:
    name = f"**{row['contestant']}**" if row["contestant"].startswith("ours") else row["contestant"]
    if "error" in row:
        return [name, row["error"].replace("|", "/").replace("\n", " ")[:260], "", "", "", ""]
    ours = row.get("ours", {})
    ratios = ", ".join(f"{_figure(each['ratio'])} ({form.removeprefix('ours ')})" for form, each in ours.items())
    figures = [
        f"{_figure(row[key])} ({_figure(row[f'{key}_spread'][0])}–{_figure(row[f'{key}_spread'][1])})"
        for key in ("requests_per_second", "p50_ms", "p99_ms", "p99_over_p50")
    ]
    return [name, *figures, ratios]


def _conditions(number: str, run: Mapping[str, Any]) -> str:
    machine = run["machine"]
    return (
        f"Run {number}, {run['started']}: {machine['processor']}, {machine['cores']} cores, load {machine['load']} "
        f"before the start; {run['rounds']} rounds of {run['seconds']:g} s; {run['load_generator']}."
    )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
