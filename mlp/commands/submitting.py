"""Asking for a job: a file is uploaded first, and the job followed to its end where that is wished."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlp.commands import terminal
from mlp.commands.jobs import conclude


def submit(source: str, target: list[str], options: dict[str, Any], *, watch: bool) -> None:
    """Ask for a training or a search, and say what to type next.

    Parameters
    ----------
    source : str
        A CSV file, or a dataset's name.
    target : list of str
        The columns to predict.
    options : dict
        Fields of ``POST /train``.
    watch : bool
        Whether to follow it.
    """
    console = terminal.out()
    with terminal.service() as client:
        if Path(source).is_file():
            dataset = client.upload(source)
            source = f"{dataset['name']}@{dataset['version']}"
            console.print(f"Uploaded as {source}: {dataset['rows']:,} rows.", markup=False)
        job = client.train(source, target[0] if len(target) == 1 else target, **options)
        console.print(f"Job [bold]{job['id']}[/] is {job['status']}.", soft_wrap=True)
        if watch:
            conclude(console, client, job["id"])
        else:
            console.print(f"Next: mlp watch {job['id']}", style="dim", soft_wrap=True)


def given(**options: Any) -> dict[str, Any]:
    """The options that were typed."""
    return {key: value for key, value in options.items() if value is not None}
