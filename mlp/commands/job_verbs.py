"""``mlp cancel``, ``retry`` and ``forget``: what one does with a job."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.commands import terminal
from mlp.commands.jobs import conclude

_JOB = typer.Argument(help="The job's id.")


def cancel(
    job: Annotated[str, _JOB],
    keep: Annotated[
        str | None, typer.Option(help="best or last: the network that becomes a version all the same.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for another program.")] = False,
) -> None:
    """Cancel a job: a queued one at once, a running one within about a second."""
    with terminal.service() as client:
        found = client.cancel(job, keep)
    if as_json:
        terminal.print_json(found)
    elif found["status"] == "cancelled":
        terminal.out().print(f"Job {found['id']} is cancelled.", markup=False, soft_wrap=True)
    else:
        terminal.out().print(f"Job {found['id']} is asked to stop.", markup=False, soft_wrap=True)


def retry(
    job: Annotated[str, _JOB],
    watch: Annotated[bool, typer.Option("--watch", help="Follow it to its end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for another program.")] = False,
) -> None:
    """Ask for the same as an ended job once more; a new job."""
    console = terminal.out()
    with terminal.service() as client:
        again = client.retry(job)
        if as_json:
            terminal.print_json(again)
            return
        console.print(f"Job [bold]{again['id']}[/] is {again['status']}.", soft_wrap=True)
        if watch:
            conclude(console, client, again["id"])
        else:
            console.print(f"Next: mlp watch {again['id']}", style="dim", soft_wrap=True)


def forget(jobs: Annotated[list[str], typer.Argument(help="Ids of ended jobs.")]) -> None:
    """Delete ended jobs with their histories; versions that they published stay."""
    with terminal.service() as client:
        for job in jobs:
            client.delete_job(job)
            terminal.out().print(f"Job {job} is deleted.", markup=False, soft_wrap=True)
