"""A table's columns become the matrices of a training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.errors import NotEnoughRows, OneClass
from core.table import CategoryColumn, NumberColumn, Table
from worker.errors import JobError
from worker.job_config import JobConfig
from worker.training_data import TrainingData, prepare

ROWS = 40


def category(labels: list[str | None]) -> CategoryColumn:
    names = tuple(sorted({label for label in labels if label is not None}))
    codes = [-1 if label is None else names.index(label) for label in labels]
    return CategoryColumn(np.array(codes, dtype=np.int32), names)


def number(values: list[float] | np.ndarray[Any, Any]) -> NumberColumn:
    return NumberColumn(np.asarray(values, dtype=np.float64))


def config(target: str | list[str], task: str = "classification", **training: Any) -> JobConfig:
    return JobConfig.from_dict(
        {"features": ["x"], "target": target, "training": {"task": task, "test_fraction": 0.2, **training}}
    )


def column(name: str, type_: str = "category") -> dict[str, Any]:
    return {"name": name, "type": type_}


def xs() -> NumberColumn:
    return number(np.random.default_rng(1).normal(50.0, 9.0, ROWS))


def prepared(table: Table, job: JobConfig, *columns: dict[str, Any]) -> TrainingData:
    return prepare(table, [column("x", "number"), *columns], job)


def test_the_parts_cover_the_rows_once() -> None:
    data = prepared({"x": xs(), "kind": category(["a", "b"] * 20)}, config("kind"), column("kind"))
    assert len(data.train) + len(data.validation) + len(data.test) == ROWS
    assert len(data.test) == 8
    assert data.train.Y.shape == (len(data.train), 2)
    assert data.target_encoding.classes == ("a", "b")


def test_encodings_are_fitted_on_the_training_rows_alone() -> None:
    data = prepared({"x": xs(), "kind": category(["a", "b"] * 20)}, config("kind"), column("kind"))
    assert data.train.X[:, 0].mean() == pytest.approx(0.0, abs=1e-6)
    assert data.train.X[:, 0].std() == pytest.approx(1.0, abs=1e-6)
    assert abs(data.test.X[:, 0].mean()) > 1e-3


def test_a_regression_target_is_standardised_by_its_training_rows() -> None:
    data = prepared({"x": xs(), "y": number(np.arange(ROWS))}, config("y", "regression"), column("y", "number"))
    assert data.train.Y.mean() == pytest.approx(0.0, abs=1e-6)
    assert data.target_encoding.mean != (pytest.approx((ROWS - 1) / 2),)


def test_rows_without_a_target_are_left_out_and_counted() -> None:
    labels: list[str | None] = ["a", "b"] * 20
    labels[3] = labels[30] = None
    data = prepared({"x": xs(), "kind": category(labels)}, config("kind"), column("kind"))
    assert len(data.train) + len(data.validation) + len(data.test) == ROWS - 2
    (warning,) = data.warnings
    assert warning["code"] == "missing_target"
    assert "2 of 40 rows" in warning["detail"]


def test_a_table_without_any_target_is_refused() -> None:
    with pytest.raises(JobError) as refused:
        prepared({"x": xs(), "kind": category([None] * ROWS)}, config("kind"), column("kind"))
    assert refused.value.code == "not_enough_rows"


def test_too_few_rows_with_a_target_are_refused() -> None:
    labels: list[str | None] = [None] * 31 + ["a", "b", "a", "b", "a", "b", "a", "b", "a"]
    with pytest.raises(NotEnoughRows):
        prepared({"x": xs(), "kind": category(labels)}, config("kind"), column("kind"))


def test_a_target_with_one_class_is_refused() -> None:
    with pytest.raises(OneClass):
        prepared({"x": xs(), "kind": category(["a"] * ROWS)}, config("kind"), column("kind"))


def test_the_classes_of_a_boolean_target_are_booleans() -> None:
    table = {"x": xs(), "sunny": number([0.0, 1.0] * 20)}
    data = prepared(table, config("sunny"), column("sunny", "boolean"))
    assert [type(value) for value in data.target_encoding.classes] == [bool, bool]


def test_the_classes_of_an_integer_target_are_integers() -> None:
    data = prepared({"x": xs(), "n": number([3.0, 7.0] * 20)}, config("n"), column("n", "integer"))
    assert data.target_encoding.classes == (3, 7)
    assert all(type(value) is int for value in data.target_encoding.classes)


def test_a_constant_feature_is_warned_of() -> None:
    table = {"x": number([4.0] * ROWS), "kind": category(["a", "b"] * 20)}
    data = prepared(table, config("kind"), column("kind"))
    assert [(warning["code"], warning["column"]) for warning in data.warnings] == [("constant_column", "x")]


def test_several_targets_make_several_outputs() -> None:
    table = {"x": xs(), "a": number([0.0, 1.0] * 20), "b": number([1.0, 1.0, 0.0, 0.0] * 10)}
    data = prepared(table, config(["a", "b"], "multilabel"), column("a", "boolean"), column("b", "boolean"))
    assert data.train.Y.shape == (len(data.train), 2)
