"""What a finished training is worth, as text: its loss curve, its scores beside the baseline, its confusion matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.columns import Columns
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from mlp.chart import curves

if TYPE_CHECKING:
    from mlp.answers import HistoryItem, Version

_SCORES = (
    ("accuracy", "accuracy"),
    ("balanced_accuracy", "balanced accuracy"),
    ("subset_accuracy", "subset accuracy"),
    ("r2", "R²"),
    ("rmse", "root mean squared error"),
    ("mae", "mean absolute error"),
    ("micro_f1", "F1 over all labels"),
    ("macro_f1", "mean F1"),
    ("roc_auc", "area under the ROC curve"),
    ("hamming_loss", "Hamming loss"),
    ("log_loss", "log-loss, nats"),
    ("cross_entropy", "cross-entropy, nats"),
    ("binary_cross_entropy", "binary cross-entropy, nats"),
    ("brier_score", "Brier score"),
    ("calibration_error", "calibration error"),
)
_MOST_LABELS = 12


def loss_curve(console: Console, history: list[HistoryItem]) -> Text:
    """The losses over the epochs, as wide as the terminal up to 100 characters."""
    series: dict[str, list[float | None]] = {"training loss": [item["train_loss"] for item in history]}
    if any(item["validation_loss"] is not None for item in history):
        series["validation loss"] = [item["validation_loss"] for item in history]
    coloured = console.color_system is not None and console.encoding.startswith("utf")
    return curves(series, min(console.width, 100), colour=coloured)


def worth(version: Version) -> RenderableType:
    """A version's scores beside its baseline's, with the confusion matrix where there is one."""
    part, metrics = best_part(version["metrics"])
    if metrics is None:
        return Text("No rows were held out, so there is nothing to say how good it is.", "dim")
    table = Table(title=f"On {metrics.get('rows', '?')} {part} rows, not trained on", title_justify="left")
    table.add_column("")
    table.add_column("this model", justify="right", style="bold")
    table.add_column("95% interval", justify="right")
    table.add_column(_baseline_name(metrics.get("baseline") or {}), justify="right")
    interval = metrics.get("interval") or {}
    for key, name in _SCORES:
        if metrics.get(key) is None:
            continue
        known = interval.get("score") == key and interval.get("low") is not None
        span = f"{interval['low']:.3f} – {interval['high']:.3f}" if known else ""
        table.add_row(name, f"{metrics[key]:.3f}", span, _number((metrics.get("baseline") or {}).get(key)))
    matrix = metrics.get("confusion_matrix") or version["metrics"].get("confusion_matrix")
    # Side by side where the terminal is wide enough, else one below the other.
    return Columns([table, confusion(matrix)], padding=(0, 4)) if matrix else table


def importances(version: Version) -> RenderableType | None:
    """What the score owes to the features that matter most; None where it is not known."""
    found = version.get("importances")
    if not found:
        return None
    table = Table(title=f"What the {found['score']} owes to each feature", title_justify="left")
    table.add_column("")
    table.add_column("permuted, it loses", justify="right")
    for item in found["items"][:_MOST_LABELS]:
        table.add_row(item["feature"], f"{item['importance']:.3f} ± {item['std']:.3f}")
    return table


def best_part(metrics: dict[str, Any]) -> tuple[str, dict[str, Any] | None]:
    """The part that says most about new rows: the test rows, else the validation rows."""
    for part in ("test", "validation"):
        if metrics.get(part):
            return part, metrics[part]
    return "", None


def confusion(matrix: dict[str, Any]) -> RenderableType:
    """The confusion matrix: a line for each true class, a column for each predicted one."""
    labels = [str(label) for label in matrix["labels"]]
    if len(labels) > _MOST_LABELS:
        return Text(f"(A confusion matrix of {len(labels)} classes is too wide to draw here.)", "dim")
    table = Table(title="Confusion matrix (predicted class across)", title_justify="left")
    table.add_column("")
    for label in labels:
        table.add_column(label, justify="right")
    for line, (label, counts) in enumerate(zip(labels, matrix["matrix"], strict=True)):
        cells = [_count(count, right=line == column) for column, count in enumerate(counts)]
        table.add_row(label, *cells)
    return table


def _count(count: int, *, right: bool) -> Text:
    style = ("bold green" if right else "bold red") if count else "dim"
    return Text(str(count), style)


def _number(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float | int) else "–"


def _baseline_name(baseline: dict[str, Any]) -> str:
    if "label" in baseline:
        return f"always {baseline['label']}"
    return str(baseline.get("kind", "baseline")).replace("_", " ")
