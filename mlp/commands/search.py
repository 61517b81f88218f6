"""``mlp search`` and ``mlp trials``: the best of many trainings, and what each of them came to."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

import typer

from mlp.commands import terminal
from mlp.commands.submitting import given, submit
from mlp.commands.trial_tables import best_first, trial_table

_SPACE_HELP = (
    "A setting to choose, by its path in the request: PATH=LOW..HIGH, PATH=LOW..HIGH:log or PATH=A|B|C; repeat."
)
_BOUNDS = re.compile(r"^(?P<low>[^:|]+?)\.\.(?P<high>[^:|]+?)(?P<log>:log)?$")


def search(
    source: Annotated[str, typer.Argument(help="A CSV file, which is uploaded first, or a dataset's name.")],
    target: Annotated[list[str], typer.Option("--target", "-t", help="The column to predict (more than one: repeat).")],
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Follow the search, and say what it found.")] = False,
    number: Annotated[int, typer.Option("--trials", "-n", help="How many trainings.")] = 20,
    parallelism: Annotated[int | None, typer.Option(help="How many at a time; at 1 it is reproducible.")] = None,
    space: Annotated[list[str] | None, typer.Option("--space", "-s", help=_SPACE_HELP)] = None,
    metric: Annotated[
        str | None, typer.Option(help="What is compared, such as validation_loss or validation_roc_auc.")
    ] = None,
    sampler: Annotated[str | None, typer.Option(help="tpe, random or grid.")] = None,
    pruner: Annotated[str | None, typer.Option(help="median or percentile: ends hopeless trials early.")] = None,
    model: Annotated[str | None, typer.Option(help="The model's name; the dataset's when left out.")] = None,
    features: Annotated[str | None, typer.Option(help="Columns to predict from, as a,b,c; all when left out.")] = None,
    task: Annotated[str | None, typer.Option(help="classification, regression, multilabel or distribution.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the training rows at most.")] = None,
    time_limit_seconds: Annotated[
        float | None, typer.Option(help="A trial fails when it has run for so many seconds.")
    ] = None,
    memory_limit_bytes: Annotated[
        int | None, typer.Option(help="A trial fails when it takes so many bytes of memory.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all that is random.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Any other field of the request, as optimizer.name=sgd; repeat.")
    ] = None,
) -> None:
    """Search for settings: mlp search iris.csv --target species --space network.hidden=32|64|64,32 --watch."""
    asked = given(
        trials=number,
        parallelism=parallelism,
        metric=metric,
        sampler=given(name=sampler) or None,
        pruner=given(name=pruner) or None,
        space=dict(_parameter(text) for text in space) if space else None,
    )
    options = given(
        model=model,
        features=features.split(",") if features else None,
        task=task,
        epochs=epochs,
        time_limit_seconds=time_limit_seconds,
        memory_limit_bytes=memory_limit_bytes,
        seed=seed,
    )
    options["search"] = asked
    for text in settings or []:
        _set(options, text)
    submit(source, target, options, watch=watch)


def trials(
    job: Annotated[str, typer.Argument(help="The search's id.")],
    best: Annotated[int | None, typer.Option(help="Only so many, the best ones first.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for another program.")] = False,
) -> None:
    """List the trials of a search, with their settings and what they came to."""
    with terminal.service() as client:
        found = list(client.trials(job))
        asked = client.job(job)["search"] or {}
    if best is not None:
        found = best_first(found, asked)[:best]
    console = terminal.out()
    if as_json:
        terminal.print_json(found)
    elif found:
        console.print(trial_table(found, asked, width=console.width), soft_wrap=True)
    else:
        console.print("There are none yet.", style="dim")


def _parameter(text: str) -> tuple[str, dict[str, Any]]:
    path, equals, values = text.partition("=")
    bounds = _BOUNDS.match(values)
    if not equals or not path or not values:
        said = f"{text!r} is not a setting with its values such as optimizer.learning_rate=0.001..0.1:log"
        raise typer.BadParameter(said, param_hint="--space")
    if bounds is None:
        return path, {"type": "choice", "choices": [_choice(path, each) for each in values.split("|")]}
    low, high = _value(bounds["low"]), _value(bounds["high"])
    if not all(isinstance(bound, (int, float)) and not isinstance(bound, bool) for bound in (low, high)):
        raise typer.BadParameter(f"{values!r} has bounds that are no numbers", param_hint="--space")
    whole = isinstance(low, int) and isinstance(high, int)
    return path, {"type": "int" if whole else "float", "low": low, "high": high, "log": bounds["log"] is not None}


def _choice(path: str, text: str) -> Any:
    """A choice as JSON; the layers of a network as 128,64."""
    if path == "network.hidden" and not text.startswith("["):
        return _value(f"[{text}]")
    return _value(text)


def _value(text: str) -> Any:
    """JSON where it is some, else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _set(options: dict[str, Any], text: str) -> None:
    path, equals, value = text.partition("=")
    if not equals or not path:
        raise typer.BadParameter(f"{text!r} is not a field with its value such as batch_size=64", param_hint="--set")
    *groups, name = path.split(".")
    for group in groups:
        options = options.setdefault(group, {})
        if not isinstance(options, dict):
            raise typer.BadParameter(f"{group!r} has no {name!r}", param_hint="--set")
    options[name] = _value(value)
