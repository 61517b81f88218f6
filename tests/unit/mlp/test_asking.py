"""Rows become the request that says exactly them."""

from __future__ import annotations

from urllib.parse import parse_qsl

import numpy as np
import pytest

from mlp import asking


def test_one_row_by_name_is_an_address() -> None:
    query = asking.address({"model": "m", "version": 2}, {"a b": 1.5, "é&": "x=y", "yes": True, "gone": None})
    assert query is not None
    assert parse_qsl(query, keep_blank_values=True) == [
        ("model", "m"),
        ("version", "2"),
        ("a b", "1.5"),
        ("é&", "x=y"),
        ("yes", "true"),
        ("gone", ""),
    ]


@pytest.mark.parametrize("column", ["model", "version", "alias", "x", "explain", "top_k", "feature.a"])
def test_a_column_with_a_reserved_name_is_asked_for_as_a_feature(column: str) -> None:
    query = asking.address({"model": "m"}, {column: 1})
    assert query is not None
    assert parse_qsl(query)[1] == (f"feature.{column}", "1")


def test_one_row_in_order_is_one_csv_record() -> None:
    query = asking.address({"model": "m"}, [5.1, "a,b", None, 'say "x"', False])
    assert query is not None
    assert dict(parse_qsl(query))["x"] == '5.1,"a,b",,"say ""x""",false'


@pytest.mark.parametrize("row", [{"a": ""}, ["", 1]])
def test_an_empty_text_is_never_put_in_an_address_where_it_would_mean_missing(row: object) -> None:
    assert asking.address({"model": "m"}, row) is None


def test_an_address_too_long_for_the_service_is_not_made() -> None:
    assert asking.address({"model": "m"}, {"a": "x" * 8000}) is not None
    assert asking.address({"model": "m"}, {"a": "x" * 8192}) is None


@pytest.mark.parametrize(
    ("rows", "one"),
    [
        ({"a": 1}, True),
        ([1, "x", None], True),
        ((1.0, 2.0), True),
        ([{"a": 1}], False),
        ([[1, 2]], False),
        ([(1, 2)], False),
    ],
)
def test_one_row_is_told_from_many(rows: object, one: bool) -> None:
    assert asking.is_one_row(rows) is one


def test_arrays_and_frames_become_plain_values() -> None:
    class Frame:
        def to_dict(self, form: str) -> list[dict[str, int]]:
            assert form == "records"
            return [{"a": 1}]

    assert asking.plain(np.array([[1.0, 2.0]])) == [[1.0, 2.0]]
    assert asking.plain(Frame()) == [{"a": 1}]
    assert asking.plain({"a": 1}) == {"a": 1}


def test_many_rows_are_records_or_rows() -> None:
    assert asking.body({"model": "m"}, [{"a": 1}]) == {"model": "m", "records": [{"a": 1}]}
    assert asking.body({"model": "m"}, [[1], [2]]) == {"model": "m", "rows": [[1], [2]]}
