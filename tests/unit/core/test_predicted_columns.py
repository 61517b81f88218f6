"""Outputs as columns of what they predict."""

from __future__ import annotations

import numpy as np

from core.predicted_columns import predicted_columns
from core.table import CategoryColumn, NumberColumn
from core.targets import TargetEncoding


def test_a_classification_predicts_one_label_a_row() -> None:
    targets = TargetEncoding("classification", ("y",), classes=(False, True))
    (column,) = predicted_columns(targets, np.array([[0.2, 0.8], [0.6, 0.4]])).values()
    assert isinstance(column, CategoryColumn)
    assert [column.categories[code] for code in column.codes] == ["true", "false"]


def test_a_regression_predicts_values_in_the_targets_units() -> None:
    targets = TargetEncoding("regression", ("a", "b"), mean=(10.0, 0.0), scale=(2.0, 1.0))
    columns = predicted_columns(targets, np.array([[1.0, 3.0], [-1.0, 4.0]]))
    assert [column.values.tolist() for column in columns.values() if isinstance(column, NumberColumn)] == [
        [12, 8],
        [3, 4],
    ]


def test_a_multilabel_task_says_yes_or_no_for_each_label() -> None:
    targets = TargetEncoding("multilabel", ("a", "b"), classes=("a", "b"))
    columns = predicted_columns(targets, np.array([[0.5, 0.49], [0.1, 0.9]]))
    assert {name: column.codes.tolist() for name, column in columns.items() if isinstance(column, CategoryColumn)} == {
        "a": [1, 0],
        "b": [0, 1],
    }
