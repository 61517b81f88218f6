"""The names and descriptions of the columns that a prediction appends."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from core.outcomes import OutcomeColumn
from store.ingest import Limits
from store.ingest.columns import ARROW_TYPES, TypedColumn
from store.ingest.description import describe
from store.ingest.names import MOST_NAME_CHARACTERS
from worker.result_columns import ResultColumn, free_names


@pytest.mark.parametrize(
    ("wanted", "taken", "names"),
    [
        (["prediction"], [], ["prediction"]),
        (["prediction"], ["prediction"], ["prediction_1"]),
        (["prediction"], ["prediction", "prediction_1"], ["prediction_2"]),
        # A class `a_1` keeps its name where `a` has to give way.
        (["probability.a", "probability.a_1"], ["probability.a"], ["probability.a_2", "probability.a_1"]),
        (["probability. a\n"], [], ["probability. a"]),
        (["probability.e\u0301"], ["probability.\u00e9"], ["probability.\u00e9_1"]),
    ],
)
def test_a_name_that_is_taken_gets_the_next_number(wanted: list[str], taken: list[str], names: list[str]) -> None:
    assert free_names(wanted, taken) == names


def test_names_that_are_too_long_are_cut_and_stay_apart() -> None:
    names = free_names(["probability." + "x" * 300 + end for end in "abc"], [])
    assert len(set(names)) == 3
    assert [len(name) for name in names] == [MOST_NAME_CHARACTERS] * 3


@pytest.mark.parametrize("kind", ["number", "integer", "boolean"])
def test_what_is_said_of_blocks_is_what_is_said_of_a_whole_column(kind: str) -> None:
    random = np.random.default_rng(5)
    values = {
        "number": random.normal(1e6, 1.0, 5000),  # a mean so far off that plain sums of squares would lose the spread
        "integer": random.integers(-9, 9, 5000),
        "boolean": random.random(5000) < 0.2,
    }[kind]
    column = ResultColumn(OutcomeColumn("prediction", kind), "prediction", "m/1", 10)  # type: ignore[arg-type]
    for start in range(0, 5000, 700):
        column.add(values[start : start + 700])
    whole = TypedColumn("prediction", kind, pa.chunked_array([pa.array(values, ARROW_TYPES[kind])]))  # type: ignore[arg-type]
    said, expected = column.described(), describe(whole, role="ignored", limits=Limits())
    assert said.keys() == expected.keys()
    for name, value in expected.items():
        assert said[name] == (pytest.approx(value, rel=1e-9) if isinstance(value, float) else value), name


def test_the_categories_that_occur_are_listed_up_to_the_limit() -> None:
    labels = np.array(["b", "a", "b"], dtype=object)
    for most, listed in ((2, ["a", "b"]), (1, None)):
        column = ResultColumn(OutcomeColumn("prediction", "category"), "p", "m/1", most)
        assert column.add(labels).to_pylist() == ["b", "a", "b"]
        assert column.described()["categories"] == listed


def test_one_row_has_no_spread() -> None:
    column = ResultColumn(OutcomeColumn("prediction", "number"), "prediction", "m/1", 10)
    column.add(np.array([2.5]))
    column.add(np.array([]))
    found = column.described()
    assert (found["min"], found["max"], found["mean"], found["std"]) == (2.5, 2.5, 2.5, None)
