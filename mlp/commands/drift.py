"""``mlp drift``: whether a model is asked what it was trained for."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from mlp.commands import terminal

_MOST_LINES = 20


def drift(
    model: Annotated[str, typer.Argument(help="The model.")],
    version: Annotated[int | None, typer.Option(help="Of this version; else of the one that answers.", min=1)] = None,
    since: Annotated[str | None, typer.Option(help="Only predictions from then on: 2026-01-31T12:00:00Z.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for another program.")] = False,
) -> None:
    """Compare the logged predictions of a model with the rows that it was trained on."""
    with terminal.service() as client:
        found = client.drift(model, version=version, since=since)
    if as_json:
        terminal.print_json(found)
        return
    columns = [("input", each) for each in found["features"]] + [("output", each) for each in found["outputs"]]
    console = terminal.out()
    console.print(
        f"{found['model']} version {found['version']}: {found['rows']:,} predictions, "
        f"{len(found['drifted'])} of {len(columns)} columns have drifted.",
        markup=False,
    )
    columns.sort(key=lambda each: (not each[1]["drifted"], -each[1]["psi"]))
    console.print(_table(columns[:_MOST_LINES]))
    if len(columns) > _MOST_LINES:
        console.print(f"{len(columns) - _MOST_LINES} more have moved less; see --json.", style="dim")


def _table(columns: list[tuple[str, dict[str, Any]]]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("column", "", "psi", "p", "most moved", "training", "predicted"):
        table.add_column(name, justify="right" if name in ("psi", "p", "training", "predicted") else "left")
    for kind, each in columns:
        moved = max(each["bins"], key=lambda place: abs(place["predicted"] - place["training"]))
        table.add_row(
            Text(each["name"], "red" if each["drifted"] else ""),
            kind,
            f"{each['psi']:.3f}",
            f"{each['p_value']:.2g}",
            Text(moved["bin"]),
            f"{moved['training']:.1%}",
            f"{moved['predicted']:.1%}",
        )
    return table
