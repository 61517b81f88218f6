"""The choice of targets and features takes time in proportion to their number."""

from __future__ import annotations

import time
from typing import Any

import pytest

from service.problems import Problem
from service.schemas.train import TrainRequest
from service.target_choice import choose

WIDE = 20_000


def column(name: str) -> dict[str, Any]:
    return {"name": name, "type": "number", "role": "feature", "missing": 0, "categories": None}


COLUMNS = [column(f"c{n}") for n in range(WIDE)]
NAMES = [each["name"] for each in COLUMNS]


@pytest.mark.parametrize(
    "body",
    [
        {"target": "c0", "features": ["c1"] * WIDE},
        {"target": ["c1"] * WIDE, "task": "regression"},
        {"target": NAMES[1:], "task": "regression", "features": ["c0", "c0"]},
    ],
)
def test_a_name_that_stands_twice_is_found_at_once(body: dict[str, Any]) -> None:
    request = TrainRequest(dataset="d", **body)
    started = time.monotonic()
    with pytest.raises(Problem) as caught:
        choose(request, COLUMNS, lambda name: 2)
    assert time.monotonic() - started < 2
    assert caught.value.code == "invalid_value"
    assert caught.value.errors[0].pointer in ("/features/1", "/target/1")


@pytest.mark.parametrize(
    "body",
    [
        {"target": "c0"},
        {"target": NAMES[: WIDE // 2], "task": "regression"},
        {"target": NAMES[: WIDE // 2], "task": "regression", "features": NAMES[WIDE // 2 :]},
    ],
)
def test_a_wide_table_is_chosen_from_at_once(body: dict[str, Any]) -> None:
    request = TrainRequest(dataset="d", **body)
    started = time.monotonic()
    choice = choose(request, COLUMNS, lambda name: 100)
    assert time.monotonic() - started < 2
    assert {*choice.features, *choice.targets} == set(NAMES)
    assert choice.passed_over == choice.targets
