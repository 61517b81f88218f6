"""Shows a job as it runs: a bar in a terminal, a few lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from mlp.commands.trial_tables import ENDED, trial_line

if TYPE_CHECKING:
    from mlp.answers import Job
    from mlp.client import Client

_LINES = 10
_COUNTED = {"search": "trials", "predict": "rows"}  # what the progress of a job without epochs counts


def watch(console: Console, client: Client, job: str) -> Job:
    """Follow a job's events to its end; of a search, say what each trial came to.

    Returns
    -------
    Job
        The ended job.
    """
    kind = client.job(job)["kind"]
    told: set[int] = set()
    with _display(console) as display:
        for event in client.events(job):
            if event.event == "epoch":
                display.epoch(event.data)
            elif event.event == "status":
                if kind == "search":
                    _tell(console, client, job, told)
                if kind in _COUNTED:
                    display.count(event.data["progress"], _COUNTED[kind])
                display.status(event.data)
    return client.job(job)


def _tell(console: Console, client: Client, job: str, told: set[int]) -> None:
    """A line for each trial that has ended since."""
    for trial in client.trials(job):
        if trial["state"] in ENDED and trial["number"] not in told:
            told.add(trial["number"])
            console.print(trial_line(trial), soft_wrap=True)


@contextmanager
def _display(console: Console) -> Iterator[Any]:
    if not console.is_terminal:
        yield _Lines(console)
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TaskProgressColumn("{task.completed:.0f}/{task.total:.0f}", show_speed=False),
        TextColumn("{task.fields[losses]}"),
        TimeElapsedColumn(),
        console=console,
    ) as progress:
        yield _Bar(progress)


def losses(epoch: dict[str, Any]) -> str:
    """An epoch's losses, and its score on the validation rows where there are any."""
    text = f"loss {epoch['train_loss']:.4f}"
    if epoch.get("validation_loss") is not None:
        text += f"  validation {epoch['validation_loss']:.4f}"
    if epoch.get("validation_score") is not None:
        text += f"  score {epoch['validation_score']:.3f}"
    return text


class _Bar:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("queued", total=None, losses="")

    def epoch(self, data: dict[str, Any]) -> None:
        self._progress.update(self._task, completed=data["epoch"], losses=losses(data))

    def status(self, data: dict[str, Any]) -> None:
        total = (data.get("progress") or {}).get("epochs")
        self._progress.update(self._task, description=data["status"], total=total)

    def count(self, progress: dict[str, Any], what: str) -> None:
        self._progress.update(self._task, completed=progress["epoch"], losses=what)


class _Lines:
    """What a log can hold: every tenth of the way, and every change of state."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._state = ""
        self._epochs = 0

    def epoch(self, data: dict[str, Any]) -> None:
        step = max(1, self._epochs // _LINES)
        if data["epoch"] == 1 or data["epoch"] % step == 0:
            self._console.print(f"  epoch {data['epoch']:>4}  {losses(data)}")

    def status(self, data: dict[str, Any]) -> None:
        self._epochs = (data.get("progress") or {}).get("epochs") or self._epochs
        if data["status"] != self._state:
            self._state = data["status"]
            self._console.print(f"  {self._state}")

    def count(self, progress: dict[str, Any], what: str) -> None:
        """Trials have lines of their own, and rows need none."""
