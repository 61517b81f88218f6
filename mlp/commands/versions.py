"""``mlp models``, ``promote`` and ``rollback``: what has been learned, and which version answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mlp.commands import terminal
from mlp.commands.tables import version_table

if TYPE_CHECKING:
    from mlp.answers import Alias


def models(
    model: Annotated[str | None, typer.Argument(help="Only this one's versions.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for another program.")] = False,
) -> None:
    """List models and their versions, newest first."""
    with terminal.service() as client:
        names = [model] if model else [str(found["name"]) for found in client.models()]
        versions = [version for name in names for version in client.versions(name)]
    if as_json:
        terminal.print_json(versions)
    elif versions:
        terminal.out().print(version_table(versions))
    else:
        terminal.out().print("There are none yet. Next: mlp train DATASET --target COLUMN --watch", style="dim")


def promote(
    model: Annotated[str, typer.Argument(help="The model.")],
    version: Annotated[int, typer.Argument(help="The number of the version that should answer.", min=1)],
    alias: Annotated[str, typer.Option(help="The alias that points at it from now on.")] = "champion",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for another program.")] = False,
) -> None:
    """Let a version answer: the alias `champion`, or another one, points at it from now on."""
    with terminal.service() as client:
        moved = client.promote(model, version, alias)
    _say(moved, as_json=as_json)


def rollback(
    model: Annotated[str, typer.Argument(help="The model.")],
    alias: Annotated[str, typer.Option(help="The alias that points back.")] = "champion",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for another program.")] = False,
) -> None:
    """Let an alias point at the version that it pointed at before."""
    with terminal.service() as client:
        moved = client.rollback(model, alias)
    _say(moved, as_json=as_json)


def _say(moved: Alias, *, as_json: bool) -> None:
    if as_json:
        terminal.print_json(moved)
    else:
        terminal.out().print(f"{moved['model']}/{moved['alias']} is version {moved['version']} now.", markup=False)
