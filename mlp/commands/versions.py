"""``mlp models``: what has been learned."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.commands import terminal
from mlp.commands.tables import version_table


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
