"""Pages and their cursors."""

from __future__ import annotations

from typing import Any

import pytest

from service.pages import page, read_cursor, write_cursor
from service.problems import Problem


def test_the_pages_of_a_list_make_up_the_list() -> None:
    rows, seen, cursor = list(range(10, 0, -1)), list[int](), None
    while True:
        before = read_cursor(cursor, int)
        left = [row for row in rows if before is None or row < before]
        found = page(left[: 3 + 1], 3, lambda row: row, lambda row: row)
        seen += found["items"]
        cursor = found["next_cursor"]
        if cursor is None:
            break
    assert seen == rows


@pytest.mark.parametrize("place", ["ds_1", 7, [1.5, "é"]])
def test_a_cursor_gives_its_place_back(place: Any) -> None:
    kinds = [type(part) for part in place] if isinstance(place, list) else [type(place)]
    assert read_cursor(write_cursor(place), *kinds) == place


@pytest.mark.parametrize(
    "cursor", ["", "!", "abc", "é", write_cursor(1), write_cursor(None), write_cursor({"a": 1}), "W" * 200]
)
def test_other_texts_are_refused(cursor: str) -> None:
    with pytest.raises(Problem) as caught:
        read_cursor(cursor, str)
    assert caught.value.code == "invalid_cursor"
