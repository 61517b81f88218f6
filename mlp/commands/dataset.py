"""``mlp dataset``: tables that the service keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlp.commands import terminal
from mlp.commands.tables import column_table, dataset_table

app = typer.Typer(help="Upload and look at tables.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for another program.")]


@app.command("add")
def add(
    file: Annotated[Path, typer.Argument(help="A CSV file with a header.", exists=True, dir_okay=False, readable=True)],
    name: Annotated[str | None, typer.Option(help="The dataset's name; the file's own when left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Upload a table."""
    with terminal.service() as client:
        dataset = client.upload(file, name)
    if as_json:
        terminal.print_json(dataset)
        return
    console = terminal.out()
    console.print(f"[bold]{dataset['name']}@{dataset['version']}[/]  {dataset['rows']:,} rows  [dim]{dataset['id']}[/]")
    console.print(column_table(dataset))
    for warning in dataset["warnings"]:
        console.print(f"[yellow]![/] {warning.get('column', '')} {warning.get('detail', warning)}", markup=True)
    last = dataset["columns"][-1]["name"]
    console.print(f"\nNext: mlp train {dataset['name']} --target '{last}' --watch", style="dim", markup=False)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List all tables, newest first."""
    with terminal.service() as client:
        datasets = list(client.datasets())
    if as_json:
        terminal.print_json(datasets)
    elif datasets:
        terminal.out().print(dataset_table(datasets))
    else:
        terminal.out().print("There are none yet. Next: mlp dataset add FILE.csv", style="dim")


@app.command("show")
def show(name: Annotated[str, typer.Argument(help="Its name, name@version or id.")], as_json: AsJson = False) -> None:
    """Show one table's columns."""
    with terminal.service() as client:
        dataset = client.dataset(name)
    if as_json:
        terminal.print_json(dataset)
        return
    console = terminal.out()
    console.print(f"[bold]{dataset['name']}@{dataset['version']}[/]  {dataset['rows']:,} rows  [dim]{dataset['id']}[/]")
    console.print(column_table(dataset))
