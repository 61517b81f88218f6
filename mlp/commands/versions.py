"""``mlp models``, ``promote`` and ``rollback``: what has been learned, and which version answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlp.commands import terminal
from mlp.commands.comparison_table import comparison_table, notes
from mlp.commands.tables import version_table

if TYPE_CHECKING:
    from mlp.answers import Alias


def models(
    model: Annotated[str | None, typer.Argument(help="Only this one's versions.")] = None,
    compare: Annotated[bool, typer.Option("--compare", help="Its versions' metrics side by side.")] = False,
    versions: Annotated[str | None, typer.Option("--versions", help="With --compare: only these, as 1,3,4.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for another program.")] = False,
) -> None:
    """List models and their versions, newest first."""
    if compare:
        _compare(model, versions, as_json=as_json)
        return
    if versions is not None:
        terminal.fail("--versions goes with --compare.", code=terminal.USAGE)
    with terminal.service() as client:
        names = [model] if model else [str(found["name"]) for found in client.models()]
        found = [version for name in names for version in client.versions(name)]
    if as_json:
        terminal.print_json(found)
    elif found:
        terminal.out().print(version_table(found))
    else:
        terminal.out().print("There are none yet. Next: mlp train DATASET --target COLUMN --watch", style="dim")


def promote(
    model: Annotated[str, typer.Argument(help="The model.")],
    version: Annotated[int, typer.Argument(help="The number of the version that should answer.", min=1)],
    alias: Annotated[str, typer.Option(help="The alias that points at it from now on.")] = "champion",
    reason: Annotated[str | None, typer.Option(help="Kept in the alias's history.")] = None,
    if_better_than: Annotated[
        str | None, typer.Option(help="Only if it is better than the version that this alias points at.")
    ] = None,
    metric: Annotated[str | None, typer.Option(help="By this metric, such as log_loss.")] = None,
    dataset: Annotated[str | None, typer.Option(help="On this dataset; else by what both versions brought.")] = None,
    min_improvement: Annotated[float | None, typer.Option(help="By so much at least.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for another program.")] = False,
) -> None:
    """Let a version answer: the alias `champion`, or another one, points at it from now on.

    With --if-better-than it does so only where it is better; the command ends with code 1 where it is not.
    """
    with terminal.service() as client:
        moved = client.promote(
            model,
            version,
            alias,
            reason=reason,
            if_better_than=if_better_than,
            metric=metric,
            dataset=dataset,
            min_improvement=min_improvement,
        )
    compared = moved["comparison"]
    if compared and not as_json:
        _tell(compared)
    if compared and not compared_better(compared):
        if as_json:
            terminal.print_json(moved)
        else:
            here = "is nowhere" if moved["version"] is None else f"stays at version {moved['version']}"
            terminal.out().print(f"{moved['model']}/{moved['alias']} {here}.", markup=False)
        raise typer.Exit(terminal.REFUSED)
    _say(moved, as_json=as_json)


def compared_better(compared: dict[str, Any]) -> bool:
    """Whether the challenger won."""
    return bool(compared["improvement"] > 0 and compared["improvement"] >= compared["min_improvement"])


def rollback(
    model: Annotated[str, typer.Argument(help="The model.")],
    alias: Annotated[str, typer.Option(help="The alias that points back.")] = "champion",
    reason: Annotated[str | None, typer.Option(help="Kept in the alias's history.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for another program.")] = False,
) -> None:
    """Let an alias point at the version that it pointed at before."""
    with terminal.service() as client:
        moved = client.rollback(model, alias, reason=reason)
    _say(moved, as_json=as_json)


def _compare(model: str | None, versions: str | None, *, as_json: bool) -> None:
    if model is None:
        terminal.fail("Name the model whose versions are to be compared.", "mlp models MODEL --compare", terminal.USAGE)
    numbers = None
    if versions is not None:
        try:
            numbers = [int(number) for number in versions.split(",")]
        except ValueError:
            terminal.fail(f"{versions!r} is no list of versions, as 1,3,4.", code=terminal.USAGE)
    with terminal.service() as client:
        comparison = client.compare(model, numbers)
    console = terminal.out()
    if as_json:
        terminal.print_json(comparison)
    else:
        console.print(comparison_table(comparison, width=console.width))
        for note in notes(comparison, width=console.width):
            console.print(note, style="dim", markup=False)


def _tell(compared: dict[str, Any]) -> None:
    dataset, on = compared["dataset"], compared["on"]
    rows = f"{compared['rows']:,} rows of {dataset['name']}@{dataset['version']}"
    where = rows if on == "dataset" else f"the {compared['rows']:,} {on} rows of {dataset['name']}@{dataset['version']}"
    new, old = compared["challenger"], compared["incumbent"]
    direction = "less" if compared["direction"] == "minimize" else "more"
    console = terminal.out()
    console.print(f"{compared['metric']} on {where} ({direction} is better):", markup=False)
    for each in (new, old):
        console.print(f"  version {each['version']:<4} {each['score']:.6g}", markup=False)
    if 0 < compared["improvement"] < compared["min_improvement"]:
        least = compared["min_improvement"]
        console.print(f"Better by {compared['improvement']:.4g}, which is less than {least:g}.", markup=False)


def _say(moved: Alias, *, as_json: bool) -> None:
    if as_json:
        terminal.print_json(moved)
    else:
        terminal.out().print(f"{moved['model']}/{moved['alias']} is version {moved['version']} now.", markup=False)
