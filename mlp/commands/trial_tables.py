"""The trials of a search as lines for a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

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
_WIDE = 120
"""From so many columns on there is room for the ids of the jobs."""


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
    """A line for each trial; the best one is bold."""
    names = _short_names([path for trial in trials[:1] for path in trial["params"]])
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("trial", justify="right")
    table.add_column("state")
    table.add_column(str(search.get("metric", "value")), justify="right")
    table.add_column("epoch", justify="right")
    for name in names.values():
        table.add_column(name, justify="right", overflow="fold")
    if width >= _WIDE:
        table.add_column("job", no_wrap=True)
    for trial in trials:
        cells = [
            Text(str(trial["number"])),
            _state(trial),
            Text("" if trial["value"] is None else f"{trial['value']:.5g}"),
            Text(f"{trial['epoch']}/{trial['epochs']}"),
            *(Text(_shown(trial["params"].get(path))) for path in names),
        ]
        if width >= _WIDE:
            cells.append(Text(trial["job"], "dim"))
        table.add_row(*cells, style="bold" if trial["number"] == search.get("best_trial") else "")
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


def _state(trial: Trial) -> Text:
    text = str(trial["state"])
    if text == "failed" and trial["error"] is not None:
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
