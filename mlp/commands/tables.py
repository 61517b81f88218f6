"""Lists of datasets, jobs and models as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from mlp.answers import Dataset, Job, Version

_STATES = {"succeeded": "green", "failed": "red", "cancelled": "yellow", "running": "cyan", "queued": "dim"}


def dataset_table(datasets: Iterable[Dataset]) -> Table:
    """A line for each dataset."""
    table = _table("dataset", "rows", "columns", "created", "id", right=("rows", "columns"))
    for dataset in datasets:
        name = f"{dataset['name']}@{dataset['version']}"
        columns = str(len(dataset["columns"]))
        table.add_row(name, f"{dataset['rows']:,}", columns, when(dataset["created_at"]), dataset["id"])
    return table


def column_table(dataset: Dataset) -> Table:
    """A line for each column of one dataset."""
    table = _table("column", "type", "role", "missing", "values", right=("missing",))
    for column in dataset["columns"]:
        table.add_row(Text(column["name"]), column["type"], column["role"], str(column["missing"]), _values(column))
    return table


def job_table(jobs: Iterable[Job]) -> Table:
    """A line for each job; of a search with its ended trials, and its best value for a loss."""
    table = _table("job", "kind", "status", "model", "epoch", "loss", "created", right=("epoch", "loss"))
    for job in jobs:
        progress, latest = job["progress"], job["latest"]
        loss = latest["train_loss"] if latest else (job["search"] or {}).get("best_value")
        table.add_row(
            job["id"],
            job["kind"] if job["trial"] is None else f"trial {job['trial']['number']}",
            Text(job["status"], _STATES.get(job["status"], "")),
            model_name(job),
            f"{progress['epoch']}/{progress['epochs']}",
            "" if loss is None else f"{loss:.4f}",
            when(job["created_at"]),
        )
    return table


def version_table(versions: Iterable[Version]) -> Table:
    """A line for each version of any model."""
    from mlp.commands.report import best_part

    table = _table("model", "version", "target", "score", "on", "created", right=("version", "score"))
    for version in versions:
        part, metrics = best_part(version["metrics"])
        score = next(
            (metrics[key] for key in ("accuracy", "subset_accuracy", "r2") if metrics and key in metrics), None
        )
        table.add_row(
            version["model"],
            str(version["version"]),
            _target(version["schema"]),
            "" if score is None else f"{score:.3f}",
            part,
            when(version["created_at"]),
        )
    return table


def model_name(job: Job) -> str:
    """``iris``, or ``iris 3`` once there is a version."""
    model = job.get("model") or {}
    version = model.get("version")
    return str(model.get("name", "")) + (f" {version}" if version else "")


def when(timestamp: str) -> str:
    """An RFC 3339 time to the second, for a column of a table."""
    return timestamp[:19].replace("T", " ")


def _values(column: Any) -> Text:
    categories = column.get("categories")
    if categories:
        shown = ", ".join(str(category) for category in categories[:5])
        return Text(shown + (f" … ({len(categories)})" if len(categories) > 5 else ""))
    if column.get("min") is None:
        return Text("")
    return Text(f"{column['min']:g} … {column['max']:g}, mean {column['mean']:.4g}")


def _target(schema: dict[str, Any]) -> str:
    target = schema.get("target")
    if isinstance(target, dict):
        return str(target.get("name"))
    return ", ".join(map(str, target)) if isinstance(target, list) else str(target)


def _table(*names: str, right: tuple[str, ...] = ()) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in names:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return table
