"""``mlp demo``: the whole trip of a table, on this machine, in under a minute."""

from __future__ import annotations

import json
import signal
import tempfile
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from mlp.commands import report, terminal, training_display
from mlp.commands.tables import column_table

if TYPE_CHECKING:
    from mlp.client import Client


def demo() -> None:
    """Start everything, train on the iris flowers, predict, and stop. Nothing of it stays."""
    from mlp.child_stack import ChildStack, ChildStackError
    from mlp.client import Client
    from mlp.problems import MLPClientError

    console = terminal.out()
    started = time.monotonic()
    signal.signal(signal.SIGTERM, _leave)  # so that the stack is stopped and its folder removed
    try:
        with tempfile.TemporaryDirectory(prefix="mlp-demo-") as folder:
            _step(console, 1, "Start the service: a database, a Redis, a Celery worker, a reaper, the API")
            stack = ChildStack(Path(folder), on_line=lambda line: _part(console, line))
            with stack, Client(stack.url) as client:
                console.print(f"  It listens on {stack.url}", style="dim", soft_wrap=True)
                _trip(console, client)
                _step(console, 6, "Stop")
            console.print(f"[green]✓[/] stopped; {time.monotonic() - started:.0f} s in all")
    except (ChildStackError, MLPClientError) as error:
        terminal.fail(str(error))
    console.print("\nTo keep one running: [bold]mlp up[/]   (or `make up`)", soft_wrap=True)


def _leave(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _trip(console: Console, client: Client) -> None:
    """Upload, train, look, predict: all of it over HTTP."""
    from mlp.sample import FLOWER, OTHER_FLOWERS, TARGET, iris_path

    _step(console, 2, "Upload a table (POST /datasets)")
    dataset = client.upload(iris_path())
    console.print(f"  {dataset['name']}@{dataset['version']}: {dataset['rows']} rows")
    console.print(column_table(dataset))

    _step(console, 3, f"Train a network to tell the {TARGET} (POST /train), in a worker")
    job = client.train(dataset["id"], TARGET, test_fraction=0.2)
    ended = training_display.watch(console, client, job["id"])
    if ended["status"] != "succeeded":
        error: Any = ended.get("error") or {}
        terminal.fail(f"The training {ended['status']}: {error.get('detail')}")
    history = client.history(job["id"], points=500)
    console.print(report.loss_curve(console, history))

    model = ended["model"]
    _step(console, 4, f"What it is worth (GET /models/{model['name']}/versions/{model['version']})")
    console.print(report.worth(client.version(model["name"], model["version"])))

    _step(console, 5, "Predict")
    from mlp.asking import address

    console.print(
        f"  GET {client.url}/predict?{address({'model': model['name']}, FLOWER)}", soft_wrap=True, markup=False
    )
    _answer(console, client.predict(model["name"], FLOWER))
    flowers = [FLOWER, *OTHER_FLOWERS]
    console.print(f"\n  POST {client.url}/predict", soft_wrap=True, markup=False)
    console.print(
        f"  {json.dumps({'model': model['name'], 'records': flowers})}", soft_wrap=True, markup=False, style="dim"
    )
    _answer(console, client.predict(model["name"], flowers))


def _answer(console: Console, answer: Any) -> None:
    console.print(f"  version {answer['version']} ({answer['selected_by']}) says", style="dim")
    for prediction in answer["predictions"]:
        share = prediction["probabilities"][str(prediction["label"])]
        console.print(f"  [bold green]{escape(str(prediction['label'])):<12}[/] {share:6.1%}")


def _step(console: Console, number: int, title: str) -> None:
    console.print(f"\n[bold cyan]{number}[/] [bold]{escape(title)}[/]", soft_wrap=True)


def _part(console: Console, line: str) -> None:
    """Pass on what the stack says of its parts, and not its advice."""
    if line.startswith(("✓", "!")):
        console.print(f"  {line}", markup=False, soft_wrap=True)
