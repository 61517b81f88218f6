"""What a network's outputs are as columns of a table."""

from __future__ import annotations

import numpy as np
import pytest

from core.outcomes import outcome_columns, outcome_values, shares_of
from core.targets import TargetEncoding

OUTPUTS = np.array([[0.2, 0.8], [0.6, 0.4]], dtype=np.float32)


def columns_and_values(target: TargetEncoding, *, several_targets: bool = False) -> dict[str, tuple[str, list[object]]]:
    columns = outcome_columns(target, several_targets=several_targets)
    values = outcome_values(target, OUTPUTS)
    return {column.name: (column.type, each.tolist()) for column, each in zip(columns, values, strict=True)}


@pytest.mark.parametrize(
    ("classes", "kind", "labels"),
    [
        (("no", "yes"), "category", ["yes", "no"]),
        ((0, 1), "integer", [1, 0]),
        ((False, True), "boolean", [True, False]),
        ((0.5, 2), "number", [2.0, 0.5]),
        ((0, 2**63), "number", [2.0**63, 0.0]),  # an imported version's: no integer of a table
        ((True, "yes"), "category", ["yes", "true"]),
    ],
)
def test_a_label_has_the_type_of_its_classes(classes: tuple[object, ...], kind: str, labels: list[object]) -> None:
    found = columns_and_values(TargetEncoding("classification", ("y",), classes))  # type: ignore[arg-type]
    assert found.pop("prediction") == (kind, labels)
    assert [each for each, _ in found.values()] == ["number", "number"]
    names = ["true" if value is True else "false" if value is False else str(value) for value in classes]
    assert list(found) == [f"probability.{name}" for name in names]


def test_the_shares_of_classes_sum_to_one_in_doubles_and_those_of_labels_stay() -> None:
    many = np.random.default_rng(1).random((50, 1000)).astype(np.float32)
    assert np.abs(shares_of(TargetEncoding("distribution", ("a", "b"), ("a", "b")), many).sum(axis=1) - 1).max() < 1e-14
    labels = TargetEncoding("multilabel", ("a", "b"), ("a", "b"))
    assert shares_of(labels, OUTPUTS).tolist() == OUTPUTS.astype(np.float64).tolist()
    found = columns_and_values(labels)
    assert found["prediction.a"] == ("boolean", [False, True])
    assert found["prediction.b"] == ("boolean", [True, False])
    assert found["probability.b"] == ("number", OUTPUTS[:, 1].astype(np.float64).tolist())


def test_values_are_in_the_targets_own_units() -> None:
    several = TargetEncoding("regression", ("a", "b"), (), (1.0, 2.0), (10.0, 100.0))
    found = columns_and_values(several, several_targets=True)
    assert found["prediction.a"] == ("number", pytest.approx([3.0, 7.0]))
    assert found["prediction.b"] == ("number", pytest.approx([82.0, 42.0]))
    one = TargetEncoding("regression", ("a",), (), (1.0,), (10.0,))
    assert [column.name for column in outcome_columns(one, several_targets=False)] == ["prediction"]
    assert [column.name for column in outcome_columns(one, several_targets=True)] == ["prediction.a"]
