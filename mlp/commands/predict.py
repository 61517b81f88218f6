"""``mlp predict``: ask a model about one row, about a file of them, or about a stored dataset."""

from __future__ import annotations

import csv
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from mlp.commands import terminal
from mlp.commands.jobs import conclude

if TYPE_CHECKING:
    from mlp.client import Client


def predict(
    model: Annotated[str, typer.Argument(help="The model's name.")],
    values: Annotated[list[str] | None, typer.Argument(help="One row, as name=value name=value …")] = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help="A CSV file of rows with a header.", exists=True, dir_okay=False)
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="A stored dataset, by name or id: a job, whose result is a dataset.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="With --dataset: what the result is called.")] = None,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="With --dataset: follow the job to its end.")] = False,
    version: Annotated[int | None, typer.Option(help="Which version answers.")] = None,
    alias: Annotated[str | None, typer.Option(help="Which alias answers.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the service's answer as it is.")] = False,
) -> None:
    """Predict one row, each row of a CSV file (the answer is CSV too), or a stored dataset (a job)."""
    if sum(map(bool, (values, csv_file, dataset))) != 1:
        forms = f"mlp predict {model} name=value …, or --csv FILE, or --dataset NAME"
        terminal.fail("Give one row, a file or a dataset.", forms, terminal.USAGE)
    if (name or wait) and not dataset:
        terminal.fail("--name and --wait go with --dataset.", code=terminal.USAGE)
    with terminal.service() as client:
        if dataset:
            job = client.predict_dataset(model, dataset, name=name, version=version, alias=alias)
            if as_json:
                terminal.print_json(client.wait(job["id"]) if wait else job)
                return
            console = terminal.out()
            console.print(f"Job [bold]{job['id']}[/] is {job['status']}.", soft_wrap=True)
            if wait:
                conclude(console, client, job["id"])
            else:
                console.print(f"Next: mlp watch {job['id']}", style="dim", soft_wrap=True)
        elif csv_file:
            _file(client, csv_file, model, version, alias)
        else:
            answer = client.predict(model, _row(values or []), version=version, alias=alias)
            if as_json:
                terminal.print_json(answer)
            else:
                _show(answer)


def _row(values: list[str]) -> dict[str, str]:
    row: dict[str, str] = {}
    for value in values:
        name, sign, text = value.partition("=")
        if not sign or name in row:
            problem = "is given twice" if sign else "is not of the form name=value"
            raise typer.BadParameter(f"{value!r} {problem}", param_hint="VALUES")
        row[name] = text
    return row


def _show(answer: Any) -> None:
    """One prediction, with a bar for each probability."""
    console = terminal.out()
    prediction = answer["predictions"][0]
    console.print(f"[bold]{escape(result(prediction))}[/]")
    probabilities = sorted(prediction.get("probabilities", {}).items(), key=lambda item: -item[1])
    width = max((len(name) for name, _ in probabilities), default=0)
    for name, probability in probabilities[:10]:
        console.print(f"  {escape(name):<{width}}  {probability:6.1%}  [cyan]{'█' * round(probability * 30)}[/]")
    console.print(f"{answer['model']} version {answer['version']} ({answer['selected_by']})", style="dim", markup=False)
    for warning in answer["warnings"]:
        console.print(
            f"[yellow]![/] {escape(str(warning.get('feature', '')))}: {escape(str(warning.get('detail', '')))}"
        )


def result(prediction: Any) -> str:
    """What a prediction says, without its probabilities."""
    if "label" in prediction:
        return terminal.text_of(prediction["label"])
    if "labels" in prediction:
        return ", ".join(terminal.text_of(label) for label in prediction["labels"]) or "(none)"
    if "values" in prediction:
        return ", ".join(f"{name}={value:g}" for name, value in prediction["values"].items())
    return f"{prediction['value']:g}"


def _file(client: Client, path: Path, model: str, version: int | None, alias: str | None) -> None:
    """Write the file's rows to stdout with a column ``prediction``, some thousand at a time."""
    from mlp.typed_rows import MOST_ROWS, NotAValue, typed

    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, restval="")
        names = list(reader.fieldnames or [])
        schema = _schema(client, model, version)
        rows = typed(_checked(reader), schema["features"])
        writer: Any = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow([*names, "prediction"])
        try:
            while batch := list(islice(rows, MOST_ROWS)):
                answer = client.predict(model, batch, version=version, alias=alias)
                version, alias = answer["version"], None  # one version answers for the whole file
                for row, prediction in zip(batch, answer["predictions"], strict=True):
                    writer.writerow([*(terminal.text_of(row[name]) for name in names), result(prediction)])
        except NotAValue as error:
            terminal.fail(str(error))


def _checked(reader: Any) -> Any:
    """Rows without more cells than the header has."""
    for row in reader:
        if None in row:
            terminal.fail(f"Line {reader.line_num} has more cells than the header.")
        yield row


def _schema(client: Client, model: str, version: int | None) -> dict[str, Any]:
    found = client.version(model, version) if version else next(iter(client.versions(model)), None)
    if found is None:
        terminal.fail(f"{model} has no version yet.", "mlp jobs")
    return found["schema"]
