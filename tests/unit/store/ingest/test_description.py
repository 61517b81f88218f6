"""The API's object of a column."""

from __future__ import annotations

import json
import statistics

import pytest

from store.ingest import read_rows
from store.ingest.description import query_name


def test_a_number_column_is_described_by_its_extent() -> None:
    values = [2.5, None, -1.0, 7.25]
    described = read_rows(["a"], [[v] for v in values]).columns[0]
    present = [v for v in values if v is not None]
    assert described == {
        "name": "a", "type": "number", "role": "feature", "missing": 1, "min": -1.0, "max": 7.25,
        "mean": pytest.approx(statistics.mean(present)), "std": pytest.approx(statistics.stdev(present)),
        "query_name": "a",
    }  # fmt: skip


def test_a_boolean_columns_mean_is_the_share_that_is_true() -> None:
    described = read_rows(["a"], [[True], [False], [True], [True], [None]]).columns[0]
    assert (described["min"], described["max"], described["mean"], described["missing"]) == (0, 1, 0.75, 1)


def test_categories_are_sorted() -> None:
    assert read_rows(["a"], [["b"], ["é"], ["a"], [None], ["b"]]).columns[0]["categories"] == ["a", "b", "é"]


@pytest.mark.parametrize("rows", [[[1.5]], [[None]], [[3.4e38], [-3.4e38]], [[2**53], [-(2**53)]], [[True]]])
def test_no_description_has_a_nan_or_an_infinity(rows: list[list[object]]) -> None:
    json.dumps(read_rows(["a"], rows).columns, allow_nan=False)


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("width", "width"),
        ("model", "feature.model"),
        ("x", "feature.x"),
        ("top_k", "feature.top_k"),
        ("feature.a", "feature.feature.a"),
        ("feature", "feature"),
        ("Model", "Model"),
    ],
)
def test_a_reserved_name_is_asked_for_with_a_prefix(name: str, asked: str) -> None:
    assert query_name(name) == asked
