"""Pages and their cursors."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from service.pages import a_count, a_name, a_time, an_id, page, read_cursor, write_cursor
from service.problems import Problem

ID = "ds_01K00000000000000000000000"


def test_the_pages_of_a_list_make_up_the_list() -> None:
    rows, seen, cursor = list(range(10, 0, -1)), list[int](), None
    while True:
        before = read_cursor(cursor, a_count)
        left = [row for row in rows if before is None or row < before]
        found = page(left[: 3 + 1], 3, lambda row: row, lambda row: row)
        seen += found["items"]
        cursor = found["next_cursor"]
        if cursor is None:
            break
    assert seen == rows


@pytest.mark.parametrize(
    ("place", "parts"), [(ID, [an_id]), (7, [a_count]), ([1.5, "iris"], [a_time, a_name]), ([ID, 3], [an_id, a_count])]
)
def test_a_cursor_gives_its_place_back(place: Any, parts: list[Callable[[Any], bool]]) -> None:
    assert read_cursor(write_cursor(place), *parts) == place


@pytest.mark.parametrize(
    "cursor",
    [
        *("", "!", "abc", "é", "W" * 200),
        *map(write_cursor, (1, None, {"a": 1}, [ID], "\ud800", "a\0b", "zzz", "ds_", ID + "\n")),
    ],
)
def test_other_texts_are_refused(cursor: str) -> None:
    with pytest.raises(Problem) as caught:
        read_cursor(cursor, an_id)
    assert caught.value.code == "invalid_cursor"


@pytest.mark.parametrize(
    "text", ["0", "-1", "true", "1.0", "2147483648", "9" * 23, '"1"', "NaN", "[1]", "Infinity", "1e999"]
)
def test_other_numbers_are_no_count(text: str) -> None:
    with pytest.raises(Problem):
        read_cursor(base64.urlsafe_b64encode(text.encode()).decode(), a_count)


@pytest.mark.parametrize(
    "place", ['[NaN,"a"]', '[1e999,"a"]', '[1,"a"]', '[1.0,"\\ud800"]', '[1.0,"a\\u0000b"]', "[1.0]"]
)
def test_other_places_of_a_model_are_refused(place: str) -> None:
    with pytest.raises(Problem):
        read_cursor(base64.urlsafe_b64encode(place.encode()).decode(), a_time, a_name)
