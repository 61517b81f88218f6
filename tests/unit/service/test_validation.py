"""What Pydantic finds wrong, told in our words, at the right place, and never more of it than is answered."""

from __future__ import annotations

import difflib
import time
from typing import Any

import pytest

from service.problems import MAX_ERRORS, Problem
from service.schemas.base import Body
from service.schemas.registry import DescribeRequest
from service.schemas.train import TrainRequest
from service.uploads import JsonTable
from service.validation import MOST_COMPARED, nearest, validated

MANY = 300_000
TRAIN = {"dataset": "iris", "target": "species"}


def refusal(model: type[Body], value: Any) -> Problem:
    with pytest.raises(Problem) as caught:
        validated(model, value)
    return caught.value


@pytest.mark.parametrize(
    ("model", "value"),
    [
        (TrainRequest, {**TRAIN, **{f"f{n}": 1 for n in range(MANY)}}),
        (TrainRequest, {f"dataste{n}": 1 for n in range(MANY)}),
        (TrainRequest, {**TRAIN, "network": {"hidden": ["a"] * MANY}}),
        (TrainRequest, {**TRAIN, "target": [1] * MANY}),
        (JsonTable, {"name": "t", "columns": [1] * MANY, "rows": []}),
        (JsonTable, {"name": "t", "columns": [{"x": 1}] * MANY, "rows": []}),
        (DescribeRequest, {f"f{n}": 1 for n in range(MANY)}),
        (DescribeRequest, {"tags": {f"f{n}": 1 for n in range(MANY)}}),
        (TrainRequest, {**TRAIN, "class_weights": {f"f{n}": "a" for n in range(MANY)}}),
    ],
    ids=range(9),
)
def test_no_more_errors_are_made_than_are_told(model: type[Body], value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    find = difflib.get_close_matches
    monkeypatch.setattr(
        difflib, "get_close_matches", lambda name, *a, **k: compared.append(name) or find(name, *a, **k)
    )
    started = time.monotonic()
    problem = refusal(model, value)
    assert time.monotonic() - started < 10
    assert 1 <= len(problem.errors) <= MAX_ERRORS
    assert len(compared) <= 10 * MAX_ERRORS


def test_a_nearest_name_is_looked_for_among_so_many_and_not_for_a_book() -> None:
    known = [f"name_{n}" for n in range(10 * MOST_COMPARED)]
    assert "name_10" in nearest("nmae_10", known)
    assert nearest("x" * 10_000_000, ["x" * 10_000_001]) == ""


@pytest.mark.parametrize(
    ("model", "value", "places"),
    [
        (JsonTable, {"name": "j", "columns": [1], "rows": [[1]]}, ["/columns/0"]),
        (JsonTable, {"name": "j", "columns": [{"name": "a"}], "rows": [[1]]}, ["/columns/0/type"]),
        (JsonTable, {"name": "j", "columns": [{"name": "a", "type": 5}], "rows": [[1]]}, ["/columns/0/type"]),
        (
            JsonTable,
            {"name": "j", "columns": [{"name": "a", "type": "number", "x": 1}], "rows": []},
            ["/columns/0/x"],
        ),
        (TrainRequest, {**TRAIN, "target": ["a", 5]}, ["/target/1"]),
        (TrainRequest, {**TRAIN, "target": 5}, ["/target"]),
        (DescribeRequest, {"tags": {"str": 5, "int": "a", "list[str]": 6}}, ["/tags/str", "/tags/list[str]"]),
        (DescribeRequest, {"tags": {"": "x"}}, ["/tags/"]),
        (DescribeRequest, {"tags": None}, ["/tags"]),
        (DescribeRequest, {"description": None}, ["/description"]),
        (DescribeRequest, {"description": "a\0b"}, ["/description"]),
        (DescribeRequest, {"tags": {"a": "\0"}}, ["/tags/a"]),
        (DescribeRequest, {"tags": {"a\0": "a"}}, ["/tags/a\0"]),
    ],
    ids=str,
)
def test_a_place_is_the_bodys_own(model: type[Body], value: Any, places: list[str]) -> None:
    problem = refusal(model, value)
    assert [item.pointer for item in problem.errors] == places
    assert not any(word in problem.detail.lower() for word in ("dictionary", "validation", "instance", "pydantic"))


def test_what_was_sent_does_not_come_back_whole() -> None:
    problem = refusal(TrainRequest, {**TRAIN, "x" * 1_000_000: 1})
    assert len(str(problem.to_dict())) < 5_000
    assert problem.to_dict()["errors"][0].keys() == {"code", "detail"}
