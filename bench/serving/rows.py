"""From the windows of a group of contestants to their rows in the results: medians, spreads, ratios within a round."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.results import median_and_spread
from bench.serving.sides import OURS
from bench.serving.windows import Contestant

Row = dict[str, Any]
GROUP = ("part", "network", "connections")


def rows_of(contestants: Sequence[Contestant], **group: Any) -> list[Row]:
    """A row for each contestant; a void one has its error and no figures."""
    ours = [each for each in contestants if _is_ours(each) and each.error is None]
    return [{**group, "contestant": each.name, **_figures(each, ours)} for each in contestants]


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, list[float]]:
    """How many times as many requests a second we answered: the median over the rounds, and its spread."""
    return median_and_spread(a / b for a, b in zip(ours, theirs, strict=True))


def merged(former: Mapping[str, Any], run: Mapping[str, Any], rows: Iterable[Row]) -> dict[str, Any]:
    """The results with those of a run in them: a group that was measured again is replaced as a whole.

    Returns
    -------
    dict
        `runs`, by number, each with its conditions, and `rows`, each with the number of its `run`.
    """
    new = list(rows)
    runs: dict[str, Any] = dict(former.get("runs", {}))
    number = str(1 + max((int(each) for each in runs), default=0))
    again = {tuple(row[name] for name in GROUP) for row in new}
    kept = [row for row in former.get("rows", []) if tuple(row[name] for name in GROUP) not in again]
    together = [*kept, *({**row, "run": number} for row in new)]
    used = {row["run"] for row in together}
    return {"runs": {name: each for name, each in {**runs, number: run}.items() if name in used}, "rows": together}


def read(path: Path) -> dict[str, Any]:
    """The results of a file; none where there is none."""
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return found


def write(path: Path, results: Mapping[str, Any]) -> None:
    """Write the results."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _is_ours(contestant: Contestant) -> bool:
    return contestant.name.split()[0] == OURS


def _figures(contestant: Contestant, ours: Sequence[Contestant]) -> Row:
    if contestant.error is not None:
        return {"error": contestant.error}
    windows = contestant.windows
    found: Row = {"rounds": len(windows)}
    for name, values in (
        ("requests_per_second", [each.rate for each in windows]),
        ("p50_ms", [each.p50 for each in windows]),
        ("p99_ms", [each.p99 for each in windows]),
        ("p99_over_p50", [each.p99 / each.p50 for each in windows]),
    ):
        found[name], found[f"{name}_spread"] = median_and_spread(values)
    if not _is_ours(contestant):
        rates = [each.rate for each in windows]
        found["ours"] = {}
        for each in ours:
            median, spread = ratios([window.rate for window in each.windows], rates)
            found["ours"][each.name] = {"ratio": median, "spread": spread}
    return found


def median_rate(contestant: Contestant) -> float:
    """Requests a second, the median over the rounds."""
    return statistics.median(each.rate for each in contestant.windows)
