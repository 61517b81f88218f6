"""What a model is worth stands beside its baseline."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from mlp.commands import report
from mlp.commands.predict import result

METRICS: dict[str, Any] = {
    "rows": 30,
    "accuracy": 0.9,
    "interval": {"score": "accuracy", "low": 0.744, "high": 0.965, "level": 0.95},
    "baseline": {"label": "setosa", "accuracy": 0.333},
    "log_loss": 0.2,
    "confusion_matrix": {"labels": ["setosa", True], "matrix": [[10, 0], [3, 17]]},
}


def text(renderable: Any, width: int = 120) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(renderable)
    return console.file.getvalue()  # type: ignore[attr-defined]


def version(**metrics: Any) -> Any:
    return {"metrics": metrics}


def test_scores_stand_beside_the_baseline_and_the_matrix_beside_them() -> None:
    shown = text(report.worth(version(test=METRICS, validation=METRICS)))
    assert "On 30 test rows" in shown
    line = next(line for line in shown.splitlines() if "accuracy" in line)
    assert "0.900" in line
    assert "0.744 – 0.965" in line
    assert "0.333" in line
    assert "setosa" in shown
    assert "17" in shown


def test_without_test_rows_the_validation_rows_speak_and_without_both_nobody_does() -> None:
    assert "On 30 validation rows" in text(report.worth(version(test=None, validation=METRICS)))
    assert "No rows were held out" in text(report.worth(version(test=None, validation=None)))


def test_everything_fits_a_narrow_terminal() -> None:
    shown = text(report.worth(version(test=METRICS)), width=80)
    assert max(map(len, shown.splitlines())) <= 80
    assert "accuracy" in shown


def test_a_matrix_too_wide_for_a_terminal_is_not_drawn() -> None:
    labels = [str(label) for label in range(50)]
    assert "50 classes" in text(report.confusion({"labels": labels, "matrix": [[0] * 50] * 50}))


def test_a_prediction_of_each_task_is_one_text() -> None:
    assert result({"label": True, "probabilities": {}}) == "true"
    assert result({"labels": ["a", "c"]}) == "a, c"
    assert result({"labels": []}) == "(none)"
    assert result({"value": 1.25}) == "1.25"
    assert result({"values": {"a": 1.0, "b": 2.5}}) == "a=1, b=2.5"
