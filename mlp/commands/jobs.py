"""``mlp jobs`` and ``mlp watch``: what the workers are doing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from mlp.commands import report, terminal, training_display
from mlp.commands.tables import job_table
from mlp.commands.trial_tables import best_first, trial_table

if TYPE_CHECKING:
    from mlp.answers import Job
    from mlp.client import Client

_BEST = 5


def jobs(
    status: Annotated[str | None, typer.Option(help="queued, running, succeeded, failed or cancelled.")] = None,
    model: Annotated[str | None, typer.Option(help="Only those of this model.")] = None,
    kind: Annotated[str | None, typer.Option(help="train, search or predict; a search's trials are trainings.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Only those on this dataset: id, name or name@version.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for another program.")] = False,
) -> None:
    """List jobs, newest first."""
    with terminal.service() as client:
        found = list(client.jobs(status=status, model=model, kind=kind, dataset=dataset))
    if as_json:
        terminal.print_json(found)
    elif found:
        terminal.out().print(job_table(found))
    else:
        terminal.out().print("There are none. Next: mlp train DATASET --target COLUMN --watch", style="dim")


def watch(job: Annotated[str, typer.Argument(help="The job's id.")]) -> None:
    """Follow a job to its end, and say what its model is worth, or what it made."""
    with terminal.service() as client:
        conclude(terminal.out(), client, job)


def conclude(console: Console, client: Client, job_id: str) -> None:
    """Follow a job; then show its curve and scores, or the dataset that it made, or why there is none (exit code 1)."""
    job = training_display.watch(console, client, job_id)
    history = client.history(job_id, points=500)
    if history:
        console.print(report.loss_curve(console, history))
    if job["kind"] == "search":
        _show_best(console, client, job)
    model = job.get("model") or {}
    if model.get("version") and job["kind"] != "predict":
        version = client.version(model["name"], model["version"])
        console.print(report.worth(version))
        owed = report.importances(version)
        if owed is not None:
            console.print(owed)
    if job["status"] != "succeeded":
        error = job["error"]
        if error is None:
            terminal.fail(f"The job was {job['status']}.")
        terminal.fail(error["detail"], error["hint"] or "")
    if job["kind"] == "predict":
        _show_result(console, client, job)
        return
    name = escape(str(model.get("name")))
    console.print(f"[bold]{name}[/] version {model.get('version')} is ready.", soft_wrap=True)
    link = (job.get("links") or {}).get("predict")
    if link:
        console.print(f"Ask it: {link if '://' in link else client.url + link}", soft_wrap=True, markup=False)


def _show_result(console: Console, client: Client, job: Job) -> None:
    made = client.dataset(str(job["result"]))
    name = f"{made['name']}@{made['version']}"
    for warning in job["warnings"]:
        console.print(f"[yellow]![/] {escape(warning['detail'])}", soft_wrap=True)
    console.print(f"[bold]{name}[/] is ready: {made['rows']:,} rows.", soft_wrap=True)
    console.print(f"Next: mlp dataset show {name}", style="dim", soft_wrap=True)


def _show_best(console: Console, client: Client, job: Job) -> None:
    search = job["search"] or {}
    found = list(client.trials(job["id"]))
    best = best_first(found, search)[:_BEST]
    if best:
        console.print(f"The best {len(best)} of {len(found)} trials:")
        console.print(trial_table(best, search, width=console.width), soft_wrap=True)
