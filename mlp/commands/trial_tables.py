"""The trials of a search as lines for a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from mlp.answers import Trial

_STATES = {
    "complete": "green",
    "pruned": "magenta",
    "failed": "red",
    "cancelled": "yellow",
    "running": "cyan",
    "queued": "dim",
}
ENDED = frozenset({"complete", "pruned", "failed", "cancelled"})
"""The states in which a trial stays for good."""
_GAP = 2
_WIDE = 140
"""From so many columns on there is room for the jobs' ids, and for why one failed."""


def best_first(trials: Sequence[Trial], search: Mapping[str, Any]) -> list[Trial]:
    """The trials that came to their end, the best first.

    Parameters
    ----------
    search : mapping
        The `search` of the job.
    """
    sign = -1 if search.get("direction") == "maximize" else 1

    def place(trial: Trial) -> tuple[float, int]:
        assert trial["value"] is not None
        return sign * trial["value"], trial["number"]

    return sorted((trial for trial in trials if trial["state"] == "complete" and trial["value"] is not None), key=place)


def trial_table(trials: Sequence[Trial], search: Mapping[str, Any], *, width: int) -> Table:
    """A line for each trial, the best one in bold; print it with ``soft_wrap``, it may be wider than the terminal."""
    names = _short_names([path for trial in trials[:1] for path in trial["params"]])
    wide = width >= _WIDE
    headers = ["trial", "state", str(search.get("metric", "value")), "epoch", *names.values()]
    rows = [
        [
            Text(str(trial["number"])),
            _state(trial, wide=wide),
            Text("" if trial["value"] is None else f"{trial['value']:.5g}"),
            Text(f"{trial['epoch']}/{trial['epochs']}"),
            *(Text(_shown(trial["params"].get(path))) for path in names),
        ]
        for trial in trials
    ]
    table = Table(box=None, header_style="bold", pad_edge=False)
    needed = 0
    for index, header in enumerate(headers):
        # Where there is little room the headers are broken between their words; no value ever is.
        name = header.replace("_", " ")
        least = max([*map(len, name.split()), *(row[index].cell_len for row in rows)])
        justify: Literal["left", "right"] = "left" if header == "state" else "right"
        table.add_column(name, justify=justify, min_width=least)
        needed += least + _GAP
    if needed > width:
        table.width = needed  # the terminal breaks the lines
    if wide:
        table.add_column("job", no_wrap=True)
    for trial, row in zip(trials, rows, strict=True):
        style = "bold" if trial["number"] == search.get("best_trial") else ""
        table.add_row(*row, *([Text(trial["job"], "dim")] if wide else []), style=style)
    return table


def trial_line(trial: Trial) -> Text:
    """One trial in a line, for somebody who follows a search."""
    names = _short_names(list(trial["params"]))
    value = "" if trial["value"] is None else f"{trial['value']:.5g}"
    line = Text(f"  trial {trial['number']:>3}  ")
    line.append(f"{trial['state']:<9}", _STATES.get(trial["state"], ""))
    line.append(f" {value:>10}  ")
    if trial["state"] == "failed" and trial["error"] is not None:
        line.append(trial["error"]["detail"] + "  ")
    line.append("  ".join(f"{name} {_shown(trial['params'][path])}" for path, name in names.items()), "dim")
    return line


def _state(trial: Trial, *, wide: bool) -> Text:
    text = str(trial["state"])
    if wide and text == "failed" and trial["error"] is not None:
        text += f" ({trial['error']['code']})"
    return Text(text, _STATES.get(trial["state"], ""))


def _short_names(paths: list[str]) -> dict[str, str]:
    """Each path with its last part, where that is not another's too."""
    ends = [path.rpartition(".")[2] for path in paths]
    return {path: end if ends.count(end) == 1 else path for path, end in zip(paths, ends, strict=True)}


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return ",".join(map(str, value)) or "none"
    return value if isinstance(value, str) else json.dumps(value)
