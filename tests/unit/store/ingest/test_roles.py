"""Which columns are left out of the features, and that it is said."""

from __future__ import annotations

from typing import Any

import pytest

from store.ingest import Limits, read_rows


def ignored(name: str, values: list[Any], limits: Limits | None = None, **options: Any) -> str | None:
    """The warning's code when the column is left out, None when it is a feature."""
    table = read_rows([name], [[value] for value in values], limits=limits, **options)
    (column,) = table.columns
    if column["role"] == "feature":
        assert table.warnings == []
        return None
    (warning,) = table.warnings
    assert (column["role"], warning["column"]) == ("ignored", name)
    assert "left out" in warning["detail"]
    code: str = warning["code"]
    return code


def test_an_index_without_a_name_that_counts_the_rows_is_ignored() -> None:
    for start in (0, 1):
        table = read_rows(["", "b"], [[start + i, 0.5 * i] for i in range(3)])
        assert [(c["name"], c["role"]) for c in table.columns] == [("column_1", "ignored"), ("b", "feature")]
        assert [w["code"] for w in table.warnings] == ["row_numbers"]
    assert read_rows([""], [[5], [9], [7]]).columns[0]["role"] == "feature"


@pytest.mark.parametrize("name", ["id", "ID", "PassengerId", "customer_id", "id_customer", "Unnamed: 0", "row"])
def test_integers_that_count_under_an_ids_name_are_ignored(name: str) -> None:
    assert ignored(name, [1, 2, 3, 4]) == "row_numbers"


@pytest.mark.parametrize("name", ["citric acid", "humid", "grid", "width", "price index", "year"])
def test_integers_under_another_name_are_a_feature(name: str) -> None:
    assert ignored(name, list(range(1, 31))) is None


def test_different_integers_under_an_ids_name_are_ignored_from_twenty_rows_on() -> None:
    ids = [7 * i + 1000 for i in range(20)]
    assert ignored("account_id", ids) == "id_like"
    assert ignored("account_id", ids[:19]) is None
    assert ignored("account_id", [*ids[:19], ids[0]]) is None


def test_texts_that_mostly_differ_are_ids_or_prose() -> None:
    assert ignored("code", [f"T{i:04}" for i in range(30)]) == "id_like"
    assert ignored("remark", [f"the {i}th of many words" for i in range(30)]) == "free_text"
    assert ignored("colour", ["red", "green", "blue"] * 10) is None
    assert ignored("code", [f"T{i}" for i in range(19)]) is None


def test_more_categories_than_the_limit_are_ignored_and_not_listed() -> None:
    values = ["a", "b", "c", "d"] * 5
    assert ignored("c", values, Limits(max_categories=3)) == "too_many_categories"
    assert ignored("c", values, Limits(max_categories=4)) is None
    assert read_rows(["c"], [[v] for v in values], limits=Limits(max_categories=3)).columns[0]["categories"] is None


def test_a_declared_type_is_no_guess_about_ids() -> None:
    assert ignored("id", [1, 2, 3], schema={"id": "integer"}) is None
    assert ignored("code", [f"T{i:04}" for i in range(30)], schema={"code": "category"}) is None
