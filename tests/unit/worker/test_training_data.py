"""A table's columns become the matrices of a training."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.batches import BlockedOrder
from core.encoding import Encoding
from core.errors import NotEnoughRows, OneClass
from core.table import CategoryColumn, NumberColumn, Table
from store import parquet
from tests.support.tables import dataset_file
from worker import datasets, matrices
from worker.errors import JobError
from worker.job_config import JobConfig
from worker.matrices import MatrixRoom
from worker.training_data import Part, TrainingData, encode
from worker.training_plan import TrainingPlan, plan_fold, plan_training, taken

ROWS = 40
IN_MEMORY = MatrixRoom(Path("nowhere"), 1 << 40)


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
    schema = [column("x", "number"), *columns]
    with tempfile.TemporaryDirectory() as folder, dataset_file(Path(folder), table, schema) as file:
        return encode(plan_training(file, job), file, job, IN_MEMORY)


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


def mixed_table(rows: int = 300) -> Table:
    """Every kind of column, with missing cells in features and targets."""
    random = np.random.default_rng(3)
    sparse = random.normal(size=rows)
    sparse[random.random(rows) < 0.2] = np.nan
    labels = [None if random.random() < 0.1 else str(label) for label in random.choice(["a", "b", "c"], rows)]
    return {
        "x": number(random.normal(1e6, 3.0, rows)),
        "sparse": number(sparse),
        "n": number(random.integers(0, 9, rows).astype(float)),
        "same": number(np.full(rows, 0.1)),
        "k": category([None if random.random() < 0.1 else str(each) for each in random.integers(0, 12, rows)]),
        "kind": category(labels),
        "weight": number(random.random(rows)),
    }


MIXED = JobConfig.from_dict(
    {
        "features": ["k", "x", "sparse", "n", "same"],
        "target": "kind",
        "sample_weight": "weight",
        "folds": 3,
        "training": {"task": "classification", "test_fraction": 0.2, "class_weights": "balanced"},
    }
)


def of_the_whole_table(table: Table, plan: TrainingPlan) -> tuple[Encoding, list[np.ndarray[Any, Any]]]:
    """What encoding all columns at once makes of the rows of a plan."""
    in_file = [plan.kept[rows] for rows in plan.parts]
    encoding = Encoding.fit(taken(table, MIXED.features, in_file[0]), MIXED.features, clip=MIXED.training.clip)
    return encoding, [encoding.transform(taken(table, MIXED.features, rows))[0] for rows in in_file]


@pytest.mark.parametrize("mapped", [False, True])
def test_columns_read_as_they_are_needed_give_the_bits_of_the_whole_table(
    mapped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP_BYTES", 3000)  # several row groups
    monkeypatch.setattr(parquet, "BLOCK_BYTES", 700)  # of several blocks
    monkeypatch.setattr(datasets, "COLUMN_BYTES", 5000)  # two columns at a time
    table, looks = mixed_table(), []
    room = MatrixRoom(tmp_path / "scratch", 0) if mapped else IN_MEMORY
    with dataset_file(tmp_path, table, look=lambda: looks.append(1)) as file:
        for plan in (plan_training(file, MIXED), plan_fold(file, MIXED, 1)):
            del looks[:]
            data = encode(plan, file, MIXED, room)
            assert len(looks) > 15, "a long reading does not say that it goes on"
            encoding, expected = of_the_whole_table(table, plan)
            assert data.encoding == encoding
            for part, X in zip((data.train, data.validation, data.test), expected, strict=True):
                assert part.X.tobytes() == X.tobytes()
                assert len(part) == len(part.Y) == len(part.weights if part.weights is not None else ())
            assert (data.order is not None) == mapped
    assert 0 < sum(table["kind"].missing) == len(table["x"]) - len(plan_training(file, MIXED).kept)


def test_targets_and_weights_stay_beside_their_rows(tmp_path: Path) -> None:
    """The row's own number in a feature, in the weights, and as a regression target."""
    rows = np.arange(200, dtype=np.float64)
    holes = rows.copy()
    holes[::7] = np.nan
    job = config("y", "regression", clip=None)
    job = JobConfig(("x",), ("y",), "y", job.training, sample_weight="w")
    with dataset_file(tmp_path, {"x": number(rows), "y": number(holes), "w": number(rows)}) as file:
        data = encode(plan_training(file, job), file, job, IN_MEMORY)
    (feature,), target = data.encoding.features, data.target_encoding
    seen: list[float] = []
    for part in (data.train, data.validation, data.test):
        assert part.weights is not None
        row = part.weights
        assert part.X[:, 0] * feature.scale + feature.mean == pytest.approx(row, abs=1e-3)
        assert target.inverse(part.Y)[:, 0] == pytest.approx(row, abs=1e-3)
        seen += row.tolist()
    assert sorted(seen) == [row for row in rows.tolist() if row % 7]


def test_a_matrix_in_memory_takes_its_rows_in_any_order_and_a_mapped_one_in_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrices, "BLOCK_BYTES", 64)
    with dataset_file(tmp_path, {"x": xs(), "kind": category(["a", "b"] * 20)}) as file:
        plan, job = plan_training(file, config("kind")), config("kind")
        size = 4 * ROWS
        assert encode(plan, file, job, MatrixRoom(tmp_path, size)).order is None
        assert encode(plan, file, job, MatrixRoom(tmp_path, size - 1)).order == BlockedOrder(16, 1024)


def test_an_empty_part_has_no_rows(tmp_path: Path) -> None:
    job = config("kind", validation_fraction=0.0)
    with dataset_file(tmp_path, {"x": xs(), "kind": category(["a", "b"] * 20)}) as file:
        for room in (IN_MEMORY, MatrixRoom(tmp_path, 0)):
            data = encode(plan_training(file, job), file, job, room)
            assert isinstance(data.validation, Part)
            assert data.validation.X.shape == (0, 1)
